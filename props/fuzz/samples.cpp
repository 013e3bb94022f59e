#include "props/fuzz/samples.h"

#include "engine/wire/codec.h"

#include <sys/stat.h>

namespace lockstep::fuzz {

namespace {

using namespace engine;

constexpr FileId file{7, 0x1122334455667788};
constexpr FileId directory{6, 0x99AABBCCDDEEFF00};
constexpr std::int64_t some_time_ns = 1'790'000'000'123'456'789;

Operation operation_of(OperationKind kind) {
  Operation operation{.kind = kind};
  operation.file = file;
  return operation;
}

Operation naming(OperationKind kind) {
  Operation operation = operation_of(kind);
  operation.parent = FileId::root();
  operation.name = "a name";
  operation.parent_mtime_ns = some_time_ns;
  return operation;
}

VoterMemory sample_memory() {
  VoterMemory memory;
  memory.life = 0xC0FFEE;
  memory.found = 3;
  memory.sequence = 300;
  memory.your_life = 0xBEEF;
  memory.seen_of_you = 299;
  memory.remembers = true;
  memory.votes = sample_journal_record().voter;
  return memory;
}

NodeState sample_state() {
  NodeState state;
  state.generation = 4;
  state.decided = sample_journal_record().decided;
  state.complete = state.intact = state.running = true;
  state.resync_bytes_left = 1'000'000;
  state.resync_bytes_total = 2'000'000;
  return state;
}

}  // namespace

std::vector<Operation> sample_operations() {
  Operation create = naming(OperationKind::create);
  create.attributes = {attribute_mode | attribute_uid | attribute_gid, S_IFBLK | 0640U, 1000, 1000, 0, 0, 0, 2049};
  Operation symlink = naming(OperationKind::create);
  symlink.attributes = {attribute_mode, S_IFLNK | 0777U};
  symlink.data = Buffer::copy_of("../target");
  Operation unlink = naming(OperationKind::unlink);
  unlink.flags = flag_remove_directory;
  Operation rename = naming(OperationKind::rename);
  rename.new_parent = directory;
  rename.new_name = "another";
  rename.new_parent_mtime_ns = -1;
  rename.flags = flag_no_replace;
  Operation write = operation_of(OperationKind::write);
  write.offset = 123'456'789;
  write.attributes = {attribute_mtime | attribute_mode, 0100644, 0, 0, 0, 0, some_time_ns};
  write.data = Buffer::copy_of("contents");
  Operation set = operation_of(OperationKind::set_attributes);
  set.attributes = {attribute_size | attribute_atime | attribute_mtime, 0, 0, 0, 4096, some_time_ns, some_time_ns};
  Operation allocate = operation_of(OperationKind::allocate);
  allocate.length = 1U << 20U;
  allocate.flags = flag_keep_size | flag_punch_hole;
  Operation set_xattr = operation_of(OperationKind::set_xattr);
  set_xattr.name = "user.comment";
  set_xattr.data = Buffer::copy_of("value");
  set_xattr.flags = flag_xattr_create;
  Operation remove_xattr = operation_of(OperationKind::remove_xattr);
  remove_xattr.name = "user.comment";
  Operation sync = operation_of(OperationKind::sync);
  sync.flags = flag_data_only;
  Operation fill = operation_of(OperationKind::fill);
  fill.data = Buffer(std::vector<std::byte>(64, std::byte{7}));
  Operation filled = operation_of(OperationKind::filled);
  filled.length = 12;
  return {create,       symlink, naming(OperationKind::link),     unlink, rename, write, set, allocate, set_xattr,
          remove_xattr, sync,    naming(OperationKind::identify), fill,   filled};
}

Manifest sample_manifest() {
  ManifestObject root{FileId::root(), {0xFF, S_IFDIR | 0755U, 0, 0, 0, some_time_ns, some_time_ns, 0}, "", {}};
  ManifestObject link{file, {0xFF, S_IFLNK | 0777U, 1, 2, 9, some_time_ns, -5, 0}, "../target", {{"user.a", "b"}}};
  return {{root, link}, {{FileId::root(), "a name", file}, {FileId::staging(), "parked", directory}}, {directory}};
}

std::vector<Touch> sample_touches() {
  return {Touch::all_of(file),
          {directory, TouchKind::names, 0},
          {file, TouchKind::region, 5U << 20U},
          {file, TouchKind::attributes, 0}};
}

JournalRecord sample_journal_record() {
  JournalRecord record;
  record.owner = VoterId::second;
  record.generation = 4;
  record.sequence = 300;
  record.seen = {SeenJournal{0xBEEF, 299}, {}, SeenJournal{0xFACE, 17}};
  record.remembers = true;
  record.decided = {Epoch(12), NodeId::second, Members::both()};
  record.voter = {Ballot(77), Ballot(76), record.decided};
  record.tree = 0xABCDEF;
  record.reign = Epoch(12);
  record.lsn = Lsn(3'000'000'000);
  record.cache = CacheTrust::after_rewriting;
  record.kept = KeptAside::part;
  record.ground = {99, {Epoch(12), Lsn(1000), 5}, {Epoch(12), Lsn(900), 4}};
  record.failed_syncs = 1;
  record.history = Epoch(11);
  record.conflict = 5;
  return record;
}

std::vector<Message> sample_messages() {
  const JournalRecord record = sample_journal_record();
  std::vector<Message> messages{
      Heartbeat{Instant{5'000'000'000}, true, sample_state(), sample_memory()},
      HeartbeatReply{Instant{-1}, true, sample_memory()},
      Prepare{Ballot(77), true},
      Promise{Ballot(77), Ballot(76), record.decided},
      Accept{Ballot(77), record.decided},
      Accepted{Ballot(77)},
      Refused{Ballot(77), Ballot(78), true},
      Decided{record.decided},
      Attach{Epoch(12), Lsn(9), record.ground, sample_touches()},
      Attached{Epoch(12), Comparison::touched, 5},
      StreamAcknowledgement{Lsn(3), Lsn(2), Lsn(1)},
      StreamFailed{Lsn(3), 28},
      Farewell{},
      SwapRequest{},
      ManifestPart{Lsn(4), true, sample_manifest(), sample_touches()},
      Pull{7, file, 65536, 65536, 16, true, {11, 22, 0}},
      CaughtUp{Lsn(5)},
      SyncAll{Lsn(6)},
      SyncedAll{Lsn(6)},
      Cool{99, record.ground.synced},
      Cooled{Lsn(6)},
      VerifyRegion{7, Lsn(9), file, 65536, 65536, 4, 77, {11, 22, 0}},
      VerifyNames{8, Lsn(9), directory, "a", 256, sample_manifest()},
      Verified{8, 5, 0b1010, true, true, {file, directory}},
  };
  for (Operation& operation : sample_operations()) {
    messages.emplace_back(StreamOperation{Epoch(12), Lsn(1000), std::move(operation)});
  }
  return messages;
}

std::vector<io::Event> sample_events() {
  const Ticket ticket(900);
  engine::StreamOperation written{Epoch(1), Lsn(1), sample_operations().front()};
  written.operation.data = Buffer::copy_of("contents");
  return {
      io::Booted{encode(sample_journal_record()), true, 8, 0xFEED, {true, Buffer::copy_of("touches")}, 3},
      io::LinkUp{io::Endpoint::peer},
      io::LinkDown{io::Endpoint::second},
      io::FrameArrived{io::Endpoint::witness, frame_bytes(encode(Message(written)))},
      io::TimerFired{io::TimerId::verify},
      io::JournalStored{ticket},
      io::Applied{ticket, 0, sample_operations().front(), false, 17},
      io::Synced{ticket, 5},
      io::Scanned{ticket, 0, sample_manifest(), false},
      io::WorkDone{ticket},
      io::Indexed{},
      io::Digested{ticket, 0, {0, 1, ~std::uint64_t{0}}},
      io::RegionRead{ticket, 0, {{65536, 8, Buffer::copy_of("contents")}, {65544, 4096, {}}}, -5},
      io::MountOpened{"it is in use"},
      io::MountClosed{},
      io::RequestArrived{RequestId(8), sample_operations().back()},
      io::PhaseEnded{ticket, false, "it failed"},
      io::CommandGiven{io::CommandId(2), {io::Verb::verify, true, false, true, false}},
      io::TouchesLogged{ticket},
      io::SetAside{ticket, 28},
  };
}

}  // namespace lockstep::fuzz
