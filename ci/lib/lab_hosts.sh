# shellcheck shell=bash
# The lab's hosts: power, processes and daemons.

# The process that is the host's init, as "PID START_TIME" on the outer machine; the start time guards against a
# pid that was given to somebody else since.
host_pid() {
  local pid started
  [ -e "$LAB/run/$1.init" ] || return 1
  read -r pid started <"$LAB/run/$1.init" || return 1
  [ "$(process_start_time "$pid")" = "$started" ] || return 1
  echo "$pid"
}

process_start_time() {
  local stat
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
  stat=${stat##*) }
  # shellcheck disable=SC2086
  set -- $stat
  echo "${20}"
}

wait_until() {  # wait_until SECONDS CMD...
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}

check_host() {
  case "${1:-}" in s1 | s2 | w | c) ;; *) fail "the hosts are s1, s2, w and c" ;; esac
}

lab_on() {
  local host=${1:-} pid
  check_host "$host"
  pid=$(host_pid "$host") || fail "$host is without power"
  # The command ends with this one: who kills the prefix kills what it runs.
  exec nsenter -t "$pid" --mount --net --pid --ipc --uts --wdns="$PWD" -- setpriv --pdeathsig TERM -- "${@:2}"
}

lab_cli() {
  local host=${1:-}
  check_host "$host"
  lab_on "$host" "$BIN/lockstep" --config "$LAB/config/$host" --node "$host" -m "$MODULE" "${@:2}"
}

disk_is_free() { [ -z "$(losetup -n -O NAME -j "$LAB/disk/$1.img")" ]; }

host_is_ready() { [ -e "$LAB/run/$1.ready" ]; }

lab_power() {
  local host=${1:-}
  check_host "$host"
  ! host_pid "$host" >/dev/null || fail "$host has power already"
  # The same image under two loop devices would be two disks with one content.
  [ "$host" = c ] || wait_until 10 disk_is_free "$host" || fail "$host: its disk is still in use"
  rm -f "$LAB/run/$host".{init,ready}
  host_network_down "$host"
  host_network_up "$host"
  cuts_reapply
  setsid nsenter --net="/run/netns/$TAG-$host" -- env -i PATH="$PATH" HOME=/root LANG=C.UTF-8 LOCKSTEP_LAB="$LAB" \
    unshare --mount --propagation private --pid --ipc --uts --fork -- \
    "$CI/lib/host_init" "$LAB" "$host" </dev/null >"$LAB/run/$host.start" 2>&1 &
  disown
  wait_until 20 host_is_ready "$host" || fail "$host does not come up: $(cat "$LAB/run/$host.start" "$LAB/log/$host.log")"
}

host_is_dead() { ! host_pid "$1" >/dev/null; }

# The order matters: first nothing more leaves the host, then nothing more reaches its disk (the log is not flushed
# either), then its processes end. What exiting processes would still send, write or close has no effect.
lab_cut() {
  local host=${1:-} pid
  check_host "$host"
  pid=$(host_pid "$host") || fail "$host is without power"
  host_network_silence "$host"
  if [ "$host" != c ]; then
    nsenter -t "$pid" --mount --pid -- xfs_io -x -c shutdown "$LAB/$host"
  fi
  kill -KILL "$pid"
  wait_until 10 host_is_dead "$host" || fail "$host does not die"
  host_network_down "$host"
  wait_until 10 machine_groups_removed "$host" || fail "$host: what its systemd ran does not end"
  # Its mounts went with its mount namespace; the loop device follows by itself.
  [ "$host" = c ] || wait_until 10 disk_is_free "$host" || fail "$host: its disk is still in use"
}

# What systemd has made on a host that was a machine (machine_boot).
machine_groups_removed() {
  local groups
  groups=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/lockstep-lab${LAB//\//-}-$1
  [ ! -d "$groups" ] || find "$groups" -depth -type d -exec rmdir {} + 2>/dev/null
}

daemon_of() {
  case "$1-$THIRD_VOTE" in
    s1-* | s2-*) echo lockstepd ;;
    w-etcd) echo etcd ;;
    w-none) echo none ;;
    w-*) echo lockstep-witness ;;
    *) fail "$1 runs no daemon" ;;
  esac
}

signal_daemon() {
  local host=${1:-} signal=$2 file
  check_host "$host"
  file=$LAB/run/$host.$(daemon_of "$host").pid
  [ -e "$file" ] || fail "$host: its daemon is not running"
  # A subshell, since lab_on replaces the process.
  (lab_on "$host" kill -s "$signal" "$(<"$file")")
}

lab_kill() { signal_daemon "${1:-}" KILL; }
lab_freeze() { signal_daemon "${1:-}" STOP; }
lab_thaw() { signal_daemon "${1:-}" CONT; }

daemon_has_ended() { [ ! -e "$LAB/run/$1.$(daemon_of "$1").pid" ]; }

lab_halt() {
  local host=${1:-}
  check_host "$host"
  touch "$LAB/run/$host.$(daemon_of "$host").off"
  # It may end by itself just now.
  daemon_has_ended "$host" || (signal_daemon "$host" TERM) 2>/dev/null || true
  wait_until 60 daemon_has_ended "$host" || fail "$host: its daemon does not end"
}

lab_run() {
  check_host "${1:-}"
  rm -f "$LAB/run/$1.$(daemon_of "$1").off"
}

# Runs a command that sees the two disks beneath every guard and mount: the same block device mounted a second time
# is the same filesystem. A host without power has its image mounted for the while.
lab_raw() {
  # shellcheck disable=SC2016
  LAB=$LAB unshare --mount --propagation private -- bash -c '
    set -euo pipefail
    raw=$LAB/run/raw
    mkdir -p "$raw"
    mount -t tmpfs raw "$raw"
    for host in s1 s2; do
      mkdir "$raw/$host"
      device=$(losetup -n -O NAME -j "$LAB/disk/$host.img")
      if [ -n "$device" ]; then
        mount "$device" "$raw/$host"
        mount -o remount,bind,ro "$raw/$host"
      else
        mount -o loop "$LAB/disk/$host.img" "$raw/$host"
      fi
    done
    RAW_S1=$raw/s1/data RAW_S2=$raw/s2/data exec "$@"' raw "$@"
}

lab_compare() {
  # shellcheck disable=SC2016
  lab_raw bash -c 'exec "$0" "${RAW_S1%/data}/$1" "${RAW_S2%/data}/$1"' "$BIN/lockstep-compare" "${1:-data}"
}

# Every process that this lab started carries its name in the environment: finds also what a failed `up` left.
lab_processes() {
  grep -lzxF "LOCKSTEP_LAB=$LAB" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3
}

lab_is_empty() { [ -z "$(lab_processes)" ]; }

lab_end_processes() {
  local host pid
  for host in s1 s2 w c; do
    pid=$(host_pid "$host") && kill -KILL "$pid" 2>/dev/null
  done
  for pid in $(lab_processes); do
    kill -KILL "$pid" 2>/dev/null
  done
  wait_until 15 lab_is_empty || echo "ci/lab: these processes do not end: $(lab_processes | tr '\n' ' ')" >&2
}

lab_down() {
  local place device
  if [ ! -e "$LAB/lab.conf" ]; then
    return 0
  fi
  lab_load
  set +e
  lab_end_processes
  for place in s1 s2 w c net; do
    ! network_exists "$place" || ip netns del "$TAG-$place"
  done
  for place in s1 s2 w; do
    wait_until 10 machine_groups_removed "$place"
    [ -e "$LAB/disk/$place.img" ] || continue
    wait_until 10 disk_is_free "$place"
    for device in $(losetup -n -O NAME -j "$LAB/disk/$place.img"); do
      umount -l "$device" 2>/dev/null
      losetup -d "$device"
    done
  done
  rm -rf --one-file-system "$LAB"/{disk,config,scripts,run,env}
  rmdir "$LAB"/{s1,s2,w} 2>/dev/null
  rm -f "$LAB/lab.conf"
  set -e
}
