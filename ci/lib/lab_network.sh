# shellcheck shell=bash
# The lab's networks.
#
#   s1 eth0 --- port-s1 +---------+ port-s2 --- eth0 s2       10.77.0.0/24, clients and witness; the bridge lives in
#   w  eth0 --- port-w  | clients | port-c  --- eth0 c        a namespace of its own, so the machine is untouched
#                       +---------+
#   s1 repl-s1 ------------------------- repl-s2 s2           10.77.1.0/24, replication: one direct cable
#
# A cut is a set of drop rules where packets arrive: the sender never learns of it, as with a real broken path.

declare -rA ADDRESS=([s1]=1 [s2]=2 [w]=3 [c]=4)

in_net() {  # in_net PLACE CMD...: runs CMD in that network namespace only
  nsenter --net="/run/netns/$TAG-$1" -- "${@:2}"
}

network_exists() { [ -e "/run/netns/$TAG-$1" ]; }

network_new() {
  ip netns add "$TAG-$1"
  ip -n "$TAG-$1" link set lo up
  # Duplicate address detection of IPv6 would only delay things.
  in_net "$1" sh -c 'for f in all default; do echo 1 >/proc/sys/net/ipv6/conf/$f/disable_ipv6; done' 2>/dev/null || true
}

network_up() {
  network_new net
  ip -n "$TAG-net" -batch - <<'IP'
link add name clients type bridge
link set dev clients up
link add name repl-s1 type veth peer name repl-s2
IP
}

# Hardware addresses are fixed, as a server's are, so that nobody's ARP cache goes stale by a power cut.
host_network_up() {
  local host=$1 n=${ADDRESS[$1]}
  network_new "$host"
  ip -n "$TAG-net" -batch - <<IP
link add name port-$host type veth peer name eth0 address 02:77:00:00:00:0$n netns $TAG-$host
link set dev port-$host master clients up
IP
  ip -n "$TAG-$host" -batch - <<IP
address add 10.77.0.$n/24 dev eth0
link set dev eth0 up
IP
  case "$host" in s1 | s2) ;; *) return ;; esac
  ip -n "$TAG-net" link set dev "repl-$host" netns "$TAG-$host"
  ip -n "$TAG-$host" -batch - <<IP
link set dev repl-$host address 02:77:01:00:00:0$n
address add 10.77.1.$n/24 dev repl-$host
link set dev repl-$host up
IP
}

# Nothing leaves the host from here on: no FIN, no RST.
host_network_silence() {
  local host=$1
  {
    echo "link set dev eth0 down"
    case "$host" in s1 | s2) echo "link set dev repl-$host down" ;; esac
  } | ip -n "$TAG-$host" -batch -
}

# The namespace goes, and with it every socket that the kernel still keeps for dead processes. The end of the
# replication cable is set aside in the bridge's namespace: the other server sees "no carrier", as it would.
host_network_down() {
  local host=$1
  network_exists "$host" || return 0
  case "$host" in s1 | s2) ip -n "$TAG-$host" link set dev "repl-$host" netns "$TAG-net" ;; esac
  ip netns del "$TAG-$host"
  ip -n "$TAG-net" link del dev "port-$host" 2>/dev/null || true
}

drop_arriving() {  # drop_arriving PLACE FAMILY TABLE INTERFACE...
  local place=$1 family=$2 table=$3 interface
  network_exists "$place" || return 0
  {
    echo "add table $family $table"
    echo "delete table $family $table"
    echo "add table $family $table"
    echo "add chain $family $table arriving { type filter hook prerouting priority -300; }"
    for interface in "${@:4}"; do
      echo "add rule $family $table arriving iifname \"$interface\" drop"
    done
  } | in_net "$place" nft -f -
}

cut_apply() {  # one of the elementary cuts
  local what=$1 host=${1%%_*} other
  case "$host" in s1) other=s2 ;; s2) other=s1 ;; *) other= ;; esac
  case "$what" in
    s1_in | s2_in) drop_arriving "$host" inet "cut_$what" eth0 "repl-$host" ;;
    w_in) drop_arriving w inet cut_w_in eth0 ;;
    s1_out | s2_out)
      drop_arriving net bridge "cut_$what" "port-$host"
      drop_arriving "$other" inet "cut_$what" "repl-$other"
      ;;
    w_out) drop_arriving net bridge cut_w_out port-w ;;
    repl_to_s1) drop_arriving s1 inet cut_repl_to_s1 repl-s1 ;;
    repl_to_s2) drop_arriving s2 inet cut_repl_to_s2 repl-s2 ;;
    *) fail "unknown cut $what" ;;
  esac
}

cut_names() {  # the elementary cuts that WHAT is made of
  case "$1" in
    s1 | s2 | w) echo "$1_in $1_out" ;;
    s1_in | s1_out | s2_in | s2_out | w_in | w_out | repl_to_s1 | repl_to_s2) echo "$1" ;;
    repl) echo "repl_to_s1 repl_to_s2" ;;
    all) echo "s1_in s1_out s2_in s2_out w_in w_out repl_to_s1 repl_to_s2" ;;
    *) fail "part: s1 s2 w, s1_in s1_out ..., repl, repl_to_s1 or repl_to_s2, not $1" ;;
  esac
}

lab_part() {
  local names name
  [ $# = 1 ] || fail "part DIR WHAT"
  names=$(cut_names "$1")
  for name in $names; do
    touch "$LAB/run/cuts/$name"
    cut_apply "$name"
  done
}

lab_heal() {
  local names name place
  names=$(cut_names "${1:-all}")
  for name in $names; do
    [ -e "$LAB/run/cuts/$name" ] || continue
    rm "$LAB/run/cuts/$name"
    for place in s1 s2 w; do
      ! network_exists "$place" || in_net "$place" nft delete table inet "cut_$name" 2>/dev/null || true
    done
    in_net net nft delete table bridge "cut_$name" 2>/dev/null || true
  done
}

cuts_reapply() {  # a host that comes back comes back into the same partitioned world
  local cut
  for cut in "$LAB"/run/cuts/*; do
    [ ! -e "$cut" ] || cut_apply "${cut##*/}"
  done
}
