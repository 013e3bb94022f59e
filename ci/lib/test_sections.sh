# shellcheck shell=bash
# The sections of ci/test. Each prints "ok NAME" and "not ok NAME" lines, which are counted.

# What a planted bug has to be found in; most are in the first ten.
readonly PLANT_SEEDS=${LOCKSTEP_PLANT_SEEDS:-1..10000}
readonly SEEDS=${LOCKSTEP_SEEDS:-1..2000}
# Enough for every decision of the engine that is not exempted (sim/coverage/exemptions.h) to be made several times.
readonly COVERAGE_SEEDS=${LOCKSTEP_COVERAGE_SEEDS:-100001..110000}

# Of the histories of two requests; ci/nightly walks all of them.
readonly EXPLORED_PART=${LOCKSTEP_EXPLORED_PART:-1/8}

# How much of a failure is said again at the end.
readonly FAILURE_LINES=30

run_section() {
  local name=$1 from output status
  from=$(seconds_since_boot)
  output=$(mktemp)
  echo "== $name"
  (set +e; "section_$name") 2>&1 | tee "$output"
  status=${PIPESTATUS[0]}
  # A section that breaks before it can report is a failure too.
  if [ "$status" != 0 ] && ! grep -q '^not ok ' "$output"; then
    echo "not ok $name: ended with status $status" | tee -a "$output"
  fi
  grep -E '^(not )?ok ' "$output" >>"$results"
  failures_in "$output" >>"$failures"
  rm -f "$output"
  echo "== $name took $(elapsed "$from") s"
}

# failures_in OUTPUT: what failed and the beginning of why, which stands indented behind it
failures_in() {
  awk -v lines_max="$FAILURE_LINES" '
    /^not ok / { print; left = lines_max; next }
    !/^ /      { left = 0 }
    left > 0   { print; left-- }' "$1"
}

section_build() {
  check "build: setup" "$CI/setup"
  check "build: configure" cmake --preset release
  check "build: compile" cmake --build build
}

# run_ctest NAME BUILD: one line a test case.
run_ctest() {
  local report status
  report=$(mktemp)
  ctest --test-dir "$2" -j "$(nproc)" --timeout 300 --output-on-failure --output-junit "$report" >"$report.log" 2>&1
  status=$?
  "$CI/lib/junit_lines" "$1" "$report" "$report.log"
  rm -f "$report" "$report.log"
  return $status
}

section_unit() {
  check "unit: compile" cmake --build build --target tests
  run_ctest unit build
}

section_lint() { "$CI/lint"; }

section_sim() {
  local plant profile scenario
  check "sim: no invariant breaks in seeds $SEEDS, and each runs the same twice" \
    build/bin/lockstep-sim run --seeds "$SEEDS" --twice --jobs "$(nproc)"
  check "sim: seeds $COVERAGE_SEEDS make every decision of the engine, and break nothing" \
    build/bin/lockstep-sim run --seeds "$COVERAGE_SEEDS" --coverage --jobs "$(nproc)"
  check "sim: nor do seeds $SEEDS without a third vote" \
    build/bin/lockstep-sim run --seeds "$SEEDS" --profile isolation --jobs "$(nproc)"
  check "sim: no fault at any boundary, and no order, breaks a history of one request" \
    build/bin/lockstep-sim explore --depth 1 --jobs "$(nproc)"
  check "sim: nor, in a share of them, one of two requests" \
    build/bin/lockstep-sim explore --depth 2 --part "$EXPLORED_PART" --jobs "$(nproc)"
  check "sim: the shards of a campaign add up to the whole" "$CI/lib/campaign_check"
  check "sim: the configuration in README.md is simulated, and its timeout shows" "$CI/lib/availability_check"
  while read -r plant _ profile _; do
    check "sim: the planted bug $plant is found" plant_is_found "$plant" --seeds "$PLANT_SEEDS" --profile "$profile"
  done < <(build/bin/lockstep-sim plants)
  for scenario in $(build/bin/lockstep-sim scenarios | awk '{ print $1 }'); do
    plant=$(build/bin/lockstep-sim scenarios | awk -v name="$scenario" '$1 == name { print $5 }')
    check "sim: the named scenario $scenario comes about and holds" \
      build/bin/lockstep-sim run --scenario "$scenario" --jobs "$(nproc)"
    check "sim: the named scenario $scenario finds the planted bug $plant" \
      plant_is_found "$plant" --scenario "$scenario"
  done
}

# plant_is_found PLANT [OPTIONS]: by seeds of the drawn runs, or as the options choose.
plant_is_found() {
  local plant=$1 output status
  shift
  [ $# -gt 0 ] || set -- --seeds "$PLANT_SEEDS"
  output=$(build/bin/lockstep-sim run --plant "$plant" "$@" --jobs "$(nproc)" </dev/null 2>&1)
  status=$?
  [ $status = 1 ] || { echo "status $status instead of 1"; tail -n 20 <<<"$output"; return 1; }
}

section_determinism() { "$CI/determinism"; }

section_asan() {
  check "asan: configure" cmake --preset asan
  check "asan: compile" cmake --build build-asan --target tests lockstep-sim
  run_ctest asan build-asan
}

# The same inputs each time, for a moment for each decoder; ci/nightly takes its time, and chances. The planted bug shows
# that the program sees.
section_fuzz() {
  check "fuzz: the planted bug is found" fuzz_finds_the_planted_bug
  REPORT_LINES=200 check "fuzz: nothing breaks a decoder" "$CI/fuzz" --same
}

fuzz_finds_the_planted_bug() {
  local output
  output=$("$CI/fuzz" --same planted) && { echo "$output"; return 1; }
  grep -q 'heap-buffer-overflow' <<<"$output" || { echo "$output"; return 1; }
}

# On ext4 everything; on XFS what depends on what the filesystem makes of each call.
section_lab() {
  local status=0
  "$CI/lab_tests/run" --jobs "$(nproc)" || status=1
  "$CI/lab_tests/run" --fs xfs exercised_files_outlive_a_power_cut || status=1
  "$CI/lab_tests/run" --jobs "$(nproc)" --third-vote etcd failures || status=1
  return $status
}

section_demo() {
  local status
  "$CI/demo" --no-build
  status=$?
  if [ $status = 0 ]; then echo "ok demo"; else echo "not ok demo: status $status"; fi
}
