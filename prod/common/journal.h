// The systemd journal, spoken to natively: fields instead of text, so that it can be searched
// (journalctl MODULE=shop ROLE=ALONE).
#pragma once

#include "io/report.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::prod {

/// Whether `descriptor` is what JOURNAL_STREAM names, "DEVICE:INODE" (systemd.exec(5)): then standard error goes to the
/// journal. The variable alone says nothing, since children inherit it whatever their output is.
bool is_journal_stream(const char* journal_stream, int descriptor);

/// Upper case names and values of any bytes, beside MESSAGE, PRIORITY and SYSLOG_IDENTIFIER.
using JournalFields = std::vector<std::pair<std::string_view, std::string>>;

/// False: the journal does not take it, and somebody else should.
bool send_to_journal(int priority, const std::string& text, const JournalFields& fields);

/// syslog(3)'s.
int priority_of(io::Severity severity);

}  // namespace lockstep::prod
