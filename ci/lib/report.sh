# shellcheck shell=bash
# How every check of ci/ reports: one line "ok NAME (SECONDS s)" or "not ok NAME (SECONDS s)", and what was said if it
# failed. ci/test counts these lines.

report_failures=0

seconds_since_boot() { cut -d' ' -f1 /proc/uptime; }

elapsed() { awk -v from="$1" -v to="$(seconds_since_boot)" 'BEGIN { printf "%.1f", to - from }'; }

check() {  # check NAME CMD...
  local name=$1 from output
  shift
  from=$(seconds_since_boot)
  if output=$("$@" 2>&1); then
    echo "ok $name ($(elapsed "$from") s)"
  else
    echo "not ok $name ($(elapsed "$from") s)"
    printf '%s\n' "$output" | tail -n "${REPORT_LINES:-60}" | sed 's/^/    /'
    report_failures=$((report_failures + 1))
  fi
}
