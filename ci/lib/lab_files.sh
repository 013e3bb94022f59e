# shellcheck shell=bash
# The lab's files: what it remembers of itself, the servers' disks, the configuration, and DIR/env.
#
# LAB/lab.conf   the options of `up`; sourced
# LAB/env        for those who use the lab; sourced
# LAB/disk/      one filesystem image a host: s1 and s2 hold data and state, w holds the third vote's promises
# LAB/config/    one configuration directory a server
# LAB/scripts/   the application's phases on each server
# LAB/run/       pids and switches (on the outer machine, so not subject to a power cut)
# LAB/log/       what every program said; kept by `down`

readonly HTTP_PORT=9010 WITNESS_PORT=7790 ETCD_PORT=2379 MODULE_PORT=7701

lab_parse_options() {
  MODULE=data DURABILITY=replicated FS=ext4 SIZE=2G START=yes KEEPER=no APPLICATION=none THIRD_VOTE=witness ISOLATION=wait
  while [ $# -gt 0 ]; do
    case "$1" in
      --no-start) START=no; shift; continue ;;
      --keeper) KEEPER=yes; shift; continue ;;
      --durability | --fs | --module | --size | --application | --third-vote | --isolation) [ $# -ge 2 ] || fail "$1 needs a value" ;;
      *) fail "unknown option $1" ;;
    esac
    case "$1" in
      --durability) DURABILITY=$2 ;;
      --fs) FS=$2 ;;
      --module) MODULE=$2 ;;
      --size) SIZE=$2 ;;
      --application) APPLICATION=$2 ;;
      --third-vote) THIRD_VOTE=$2 ;;
      --isolation) ISOLATION=$2 ;;
    esac
    shift 2
  done
  case "$FS" in ext4 | xfs) ;; *) fail "--fs is ext4 or xfs" ;; esac
  case "$APPLICATION" in none | postgres | writer | checked) ;; *) fail "--application is none, postgres, writer or checked" ;; esac
  case "$THIRD_VOTE" in witness | etcd | none) ;; *) fail "--third-vote is witness, etcd or none" ;; esac
  case "$ISOLATION" in wait | takeover) ;; *) fail "--isolation is wait or takeover" ;; esac
  [[ $MODULE =~ ^[a-zA-Z0-9_-]+$ ]] || fail "--module: letters, digits, - and _ only"
  # The variables of DIR/env are used unquoted, as prefixes of commands.
  [[ $LAB =~ ^[a-zA-Z0-9_./+-]+$ ]] || fail "the directory's path must not hold spaces or special characters: $LAB"
}

lab_save() {
  TAG=ls$(printf %s "$LAB" | cksum | cut -d' ' -f1)
  mkdir -p "$LAB"/{disk,config,scripts,run/cuts,log,s1,s2,w}
  {
    for name in LAB TAG BIN MODULE DURABILITY FS SIZE START KEEPER APPLICATION THIRD_VOTE ISOLATION; do
      printf '%s=%q\n' "$name" "${!name}"
    done
  } >"$LAB/lab.conf"
}

lab_load() {
  [ -e "$LAB/lab.conf" ] || fail "no lab in $LAB"
  # shellcheck source=/dev/null
  . "$LAB/lab.conf"
}

# Each host has a disk of its own, so that a power cut can take what was not synced.
lab_make_disks() {
  local host size
  for host in s1 s2 w; do
    size=$SIZE
    # The witness keeps a few bytes, etcd begins with 64 MiB; XFS refuses such small filesystems, so it is ext4 always.
    [ "$host" != w ] || size=256M
    rm -f "$LAB/disk/$host.img"
    truncate -s "$size" "$LAB/disk/$host.img"
    if [ "$FS" = xfs ] && [ "$host" != w ]; then
      mkfs.xfs -q "$LAB/disk/$host.img"
    else
      mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,nodiscard "$LAB/disk/$host.img"
    fi
  done
}

all_invited() {
  local guests=2
  [ "$THIRD_VOTE" = witness ] || guests=1
  [ "$(grep -c '^  lockstep.* join lockstep1/' "$LAB/run/setup")" = "$guests" ]
}

invited() { grep -o "lockstep1/$1/[^ ]*" "$LAB/run/setup"; }  # invited PLACE: its token

# As an administrator does it, on the outer machine's loopback: the hosts are not up yet.
lab_set_up_cluster() {
  local inviting third=(--witness "10.77.0.3:$WITNESS_PORT")
  if [ "$THIRD_VOTE" = etcd ]; then
    lab_make_etcd_keys
    third=(--etcd "10.77.0.3:$ETCD_PORT")
  fi
  [ "$THIRD_VOTE" != none ] || third=(--no-witness)
  # Found by its environment if the lab goes down before all have joined.
  LOCKSTEP_LAB=$LAB "$BIN/lockstep" --config "$LAB/config/s1" init --name lab --node s1=10.77.1.1 --node s2=10.77.1.2 \
    "${third[@]}" --module "$MODULE" --directory "$LAB/s1/data" --port $MODULE_PORT \
    --address 127.0.0.1 --join-port 0 >"$LAB/run/setup" 2>&1 &
  inviting=$!
  wait_until 10 all_invited || fail "lockstep init: $(<"$LAB/run/setup")"
  invited second | "$BIN/lockstep" --config "$LAB/config/s2" join - >>"$LAB/run/setup" || fail "s2 cannot join"
  [ "$THIRD_VOTE" != witness ] || invited witness | "$BIN/lockstep-witness" --config "$LAB/config/w" join - >>"$LAB/run/setup" || fail "w cannot join"
  wait "$inviting" || fail "lockstep init: $(<"$LAB/run/setup")"
}

# As whoever has an etcd already: an authority of its own, which vouches for the server and for its clients.
lab_make_etcd_keys() {
  local folder=$LAB/config/s1/etcd name
  mkdir -p "$folder"
  (
    cd "$folder"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=etcd authority" \
      -keyout ca.key -out ca.crt
    for name in server client; do
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
      openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$name.crt" \
        -extfile <(printf 'subjectAltName=IP:10.77.0.3\nextendedKeyUsage=serverAuth,clientAuth\n')
    done
  ) >"$LAB/run/etcd-keys" 2>&1 || fail "no keys for etcd: $(<"$LAB/run/etcd-keys")"
}

lab_write_configuration() {
  local host phase module
  lab_set_up_cluster
  for host in s1 s2 w; do
    [ -e "$LAB/config/$host/cluster.toml" ] || continue
    # What is a host's own lies beneath its directory.
    printf '\n[paths]\nstate = "%s"\nrun = "/run/lockstep"\n' "$LAB/$host/state" >>"$LAB/config/$host/cluster.toml"
    [ "$host" != w ] || continue
    mkdir -p "$LAB/scripts/$host"
    module=$LAB/config/$host/modules/$MODULE.toml
    sed -i "s|^directory = .*|directory = \"$LAB/$host/data\"|; s|^durability = .*|durability = \"$DURABILITY\"|; s|^isolation = .*|isolation = \"$ISOLATION\"|" "$module"
    [ "$APPLICATION" != none ] || continue
    printf '\n[application]\n' >>"$module"
    for phase in start stop; do
      cat >"$LAB/scripts/$host/$phase" <<SCRIPT
#!/bin/bash
exec "$CI/lib/${APPLICATION}_phase" $phase "$LAB" $host
SCRIPT
      chmod +x "$LAB/scripts/$host/$phase"
      echo "$phase = \"$LAB/scripts/$host/$phase\"" >>"$module"
    done
    [ "$APPLICATION" != checked ] || lab_write_checks "$host" >>"$LAB/config/$host/modules/$MODULE.toml"
  done
}

# What ci/lab_tests/checks.py counts on.
lab_write_checks() {
  cat <<TOML
stop_timeout = "1s"
force_stop_timeout = "5s"

[[check]]
kind = "process"

[[check]]
kind = "tcp"
name = "service"
port = 7900
expect = "ready"
interval = "500ms"
timeout = "500ms"
misses = 3

[[check]]
kind = "script"
name = "server"
command = "! test -e $LAB/run/lacking.$1"
interval = "500ms"
timeout = "2s"
misses = 2
action = "wait"

[policy]
restarts_max = 2
restarts_window = "5m"
TOML
}

# Health decides where clients go. Sessions to a server that vanished without a word are ended by the check, since
# TCP alone would notice only after minutes.
lab_write_balancer() {
  cat >"$LAB/config/haproxy.cfg" <<CFG
global
  maxconn 200
  nbthread 1

defaults
  mode tcp
  timeout connect 500ms
  timeout check 400ms
  timeout queue 500ms
  timeout client 1h
  timeout server 1h
  retries 1
  option redispatch

listen postgres
  bind 10.77.0.4:5432
  option httpchk GET /health/$MODULE
  http-check expect status 200
  default-server port $HTTP_PORT inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions
  server s1 10.77.0.1:5432 check
  server s2 10.77.0.2:5432 check
CFG
}

lab_write_env() {
  local host name
  {
    echo "# Source this. The variables are prefixes or whole commands: \$ON_S1 ls /, \$CUT_S1"
    echo "LAB_DIR=$LAB MODULE=$MODULE LAB_BIN=$BIN"
    for host in s1 s2 w c; do
      name=${host^^}
      echo "ON_$name=\"$CI/lab on $LAB $host\""
    done
    for host in s1 s2 w; do
      name=${host^^}
      echo "CUT_$name=\"$CI/lab cut $LAB $host\" UP_$name=\"$CI/lab power $LAB $host\""
      echo "PART_$name=\"$CI/lab part $LAB $host\" HEAL_$name=\"$CI/lab heal $LAB $host\""
      echo "PART_${name}_IN=\"$CI/lab part $LAB ${host}_in\" PART_${name}_OUT=\"$CI/lab part $LAB ${host}_out\""
      echo "KILL_$name=\"$CI/lab kill $LAB $host\""
      echo "FREEZE_$name=\"$CI/lab freeze $LAB $host\" THAW_$name=\"$CI/lab thaw $LAB $host\""
      echo "HALT_$name=\"$CI/lab halt $LAB $host\" RUN_$name=\"$CI/lab run $LAB $host\""
    done
    for host in s1 s2; do
      name=${host^^}
      echo "CLI_$name=\"$CI/lab cli $LAB $host\" WAIT_$name=\"$CI/lab wait $LAB $host\""
      echo "PART_REPL_TO_$name=\"$CI/lab part $LAB repl_to_$host\""
    done
    echo "PART_REPL=\"$CI/lab part $LAB repl\" HEAL_REPL=\"$CI/lab heal $LAB repl\""
    echo "HEAL=\"$CI/lab heal $LAB\" COMPARE=\"$CI/lab compare $LAB\""
  } >"$LAB/env"
}
