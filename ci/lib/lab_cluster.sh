# shellcheck shell=bash
# The lab as a cluster: from nothing to PRIM on s1 and SECOND on s2.

show_logs() {
  local log
  for log in "$LAB"/log/*.log; do
    [ -s "$log" ] || continue
    echo "--- $log"
    tail -n 15 "$log"
  done >&2
}

# A frozen daemon does not answer at all.
status_of() { timeout 5 "$CI/lab" cli "$LAB" "$1" status --json 2>/dev/null; }

# PRIM, ALONE and SECOND count once they are ready; STOP and WAIT never are.
has_role() {  # has_role HOST ROLE
  status_of "$1" | jq -e --arg role "$2" \
    '.role == $role and (.ready == true or .ready == "ready" or $role == "STOP" or $role == "WAIT")' >/dev/null 2>&1
}

answers() { status_of "$1" | jq -e .role >/dev/null 2>&1; }

lab_wait() {
  local host=${1:-} role=${2:-} seconds=${3:-60}
  check_host "$host"
  wait_until "$seconds" has_role "$host" "$role" && return
  echo "ci/lab: $host is not $role after $seconds s; it says:" >&2
  status_of "$host" | jq -r '"  role \(.role), ready \(.ready): \(.reason) \(.next_step)"' >&2 || true
  return 1
}

cluster_start() {
  local host
  for host in s1 s2; do
    wait_until 20 answers "$host" || return 1
  done
  # The first start is an administrator's word: which node holds the good data.
  wait_until 10 prim_accepted || return 1
  lab_wait s1 PRIM 90 && lab_wait s2 SECOND 90
}

prim_accepted() { (lab_cli s1 prim) >>"$LAB/log/prim.log" 2>&1; }

up_failed() {
  show_logs
  lab_down
}

lab_up() {
  local host program
  for program in ip nft losetup mkfs.ext4 xfs_io jq setpriv unshare openssl etcd; do
    command -v "$program" >/dev/null || fail "$program is missing: run ci/setup"
  done
  [ ! -e "$LAB/lab.conf" ] || fail "there is a lab in $LAB already: ci/lab down $LAB"
  lab_parse_options "$@"
  BIN=$(realpath -m -- "${LOCKSTEP_BIN:-$REPOSITORY/build/bin}")
  for program in lockstepd lockstep-witness lockstep; do
    [ -x "$BIN/$program" ] || fail "$BIN/$program is missing: build first, or set LOCKSTEP_BIN"
  done
  lab_save
  trap up_failed EXIT
  rm -rf --one-file-system "$LAB/log"
  mkdir "$LAB/log"
  if [ "$APPLICATION" = postgres ]; then
    setpriv --reuid=postgres --regid=postgres --init-groups test -x "$LAB/s1" ||
      fail "the user postgres cannot reach $LAB: choose a directory whose parents everybody may enter"
  fi
  lab_make_disks
  lab_write_configuration
  lab_write_balancer
  lab_write_env
  if [ "$START" = no ]; then
    touch "$LAB/run/"{s1.lockstepd,s2.lockstepd,"w.$(daemon_of w)"}.off
  fi
  network_up
  for host in w s1 s2 c; do
    lab_power "$host"
  done
  [ "$START" = no ] || cluster_start || fail "the cluster does not come up"
  trap - EXIT
  [ "$START" = no ] || echo "PRIM on s1, SECOND on s2; . $LAB/env"
}
