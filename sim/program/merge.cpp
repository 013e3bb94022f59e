// lockstep-sim merge: the reports of several shards as one.
#include "sim/program/report.h"
#include "sim/program/subcommand.h"

#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/system/system_error.hpp>

namespace lockstep::sim {

namespace {

struct MergeArguments {
  std::vector<std::string> files;
  bool json = false;
};

Report read_report(const std::string& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) throw UsageError(file + ": cannot be read");
  try {
    return report_from_json(boost::json::parse(text.str()).as_object());
  } catch (const boost::system::system_error& error) {
    throw UsageError(file + ": is not a complete report of 'run --json' (" + error.code().message() + ")");
  } catch (const std::exception& error) {
    throw UsageError(file + ": is not a complete report of 'run --json' (" + error.what() + ")");
  }
}

int merge(const MergeArguments& options) {
  Report all = read_report(options.files.front());
  for (std::size_t i = 1; i < options.files.size(); ++i) {
    merge_into(all, options.files.front(), read_report(options.files[i]), options.files[i]);
  }
  const int status = print_report(all, options.json);
  return status == exit_clean && !all.missing().empty() ? exit_incomplete : status;
}

}  // namespace

Subcommand add_merge(CLI::App& app) {
  auto options = std::make_shared<MergeArguments>();
  CLI::App* command = app.add_subcommand("merge", "add the reports of 'run --shard K/N --json' up to one");
  command->add_option("FILE", options->files, "what 'run --json' printed")->required()->check(CLI::ExistingFile);
  command->add_flag("--json", options->json, "print the report as JSON");
  return {command, [options] { return merge(*options); }};
}

}  // namespace lockstep::sim
