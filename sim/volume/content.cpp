#include "sim/volume/content.h"

#include <algorithm>
#include <cstring>

namespace lockstep::sim {

Content::Page& Content::writable(std::size_t index) {
  std::shared_ptr<Page>& page = pages_[index];
  if (!page) {
    page = std::make_shared<Page>();
    page->fill(std::byte{0});
  } else if (page.use_count() > 1) {
    page = std::make_shared<Page>(*page);
  }
  return *page;
}

void Content::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size_) resize(offset + bytes.size());
  while (!bytes.empty()) {
    const std::size_t within = offset % page_bytes;
    const std::size_t count = std::min(page_bytes - within, bytes.size());
    std::memcpy(writable(offset / page_bytes).data() + within, bytes.data(), count);
    bytes = bytes.subspan(count);
    offset += count;
  }
}

void Content::resize(std::uint64_t size) {
  if (size < size_) zero(size, size_ - size);
  pages_.resize((size + page_bytes - 1) / page_bytes);
  size_ = size;
}

void Content::zero(std::uint64_t offset, std::uint64_t length) {
  if (offset >= size_) return;
  const std::uint64_t end = std::min(size_, offset + std::min(length, size_ - offset));
  while (offset < end) {
    const std::size_t within = offset % page_bytes;
    const std::size_t count = std::min<std::uint64_t>(page_bytes - within, end - offset);
    const std::size_t index = offset / page_bytes;
    if (pages_[index]) std::memset(writable(index).data() + within, 0, count);
    offset += count;
  }
}

std::vector<std::byte> Content::read(std::uint64_t offset, std::uint64_t length) const {
  if (offset >= size_) return {};
  std::vector<std::byte> bytes(std::min(length, size_ - offset), std::byte{0});
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::size_t within = (offset + done) % page_bytes;
    const std::size_t count = std::min(page_bytes - within, bytes.size() - done);
    const auto& page = pages_[(offset + done) / page_bytes];
    if (page) std::memcpy(bytes.data() + done, page->data() + within, count);
    done += count;
  }
  return bytes;
}

std::shared_ptr<const Content::Page> Content::page(std::size_t index) const {
  return index < pages_.size() ? pages_[index] : nullptr;
}

bool Content::operator==(const Content& other) const {
  if (size_ != other.size_) return false;
  static const Page zeros{};
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const Page& mine = pages_[i] ? *pages_[i] : zeros;
    const Page& theirs = other.pages_[i] ? *other.pages_[i] : zeros;
    if (&mine != &theirs && mine != theirs) return false;
  }
  return true;
}

}  // namespace lockstep::sim
