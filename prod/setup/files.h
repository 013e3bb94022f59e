// Configuration and keys as files: written whole or not at all, and nothing that was there is lost.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace lockstep::prod {

struct NewFile {
  std::string path;  ///< beneath the configuration directory
  std::string text;
  mode_t mode = 0644;
};

/// Those of `files` that exist already.
std::vector<std::string> existing(const std::string& directory, const std::vector<NewFile>& files);

/// Writes them, making directories where they are missing (0755; that of the keys 0700). What a file replaces is kept
/// as FILE.old. An error as a sentence, or empty.
std::string write_files(const std::string& directory, const std::vector<NewFile>& files);

/// A file's text; empty if it cannot be read.
std::string read_text(const std::string& path);

}  // namespace lockstep::prod
