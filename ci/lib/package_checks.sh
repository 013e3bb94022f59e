# shellcheck shell=bash
# The steps of ci/package_test, in the Debian beneath $ROOT. Each is silent and succeeds, or says what is wrong.

readonly FIRST_VERSION=0.0.1~test1 SECOND_VERSION=0.0.1~test2
readonly PACKAGES=(lockstep lockstep-witness)
# What the package manager would start or end is asked of this file's script first, which writes it down.
readonly CALLS=/var/log/service-calls

in_root() { chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }

make_packages() {
  "$CI/package" --version "$FIRST_VERSION" --lintian && "$CI/package" --version "$SECOND_VERSION"
}

# The archive that this machine itself is installed from.
mirror() { sed -nE 's/^URIs: +([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?([^ ]+) .*/\2/p' /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1; }

make_root() {
  debootstrap --variant=minbase --include=systemd,init-system-helpers bookworm "$ROOT" "$(mirror)" || return 1
  cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
  mount --bind /proc "$ROOT/proc" || return 1
  # shellcheck disable=SC2016  # for the script itself
  printf '#!/bin/sh\necho "$@" >>%s\nexit 101\n' "$CALLS" >"$ROOT/usr/sbin/policy-rc.d"
  chmod +x "$ROOT/usr/sbin/policy-rc.d"
  in_root apt-get -q update
}

remove_root() {
  umount "$ROOT/proc" 2>/dev/null
  rm -rf --one-file-system "$ROOT"
}

install_version() {
  local package files=()
  : >"$ROOT$CALLS"
  for package in "${PACKAGES[@]}"; do
    cp build-package/"${package}_$1"_*.deb "$ROOT/tmp/" || return 1
    files+=("/tmp/$(basename build-package/"${package}_$1"_*.deb)")
  done
  in_root apt-get -q -y --no-install-recommends install "${files[@]}" </dev/null || return 1
  for package in "${PACKAGES[@]}"; do
    [ "$(in_root dpkg-query -W -f '${Status} ${Version}' "$package")" = "install ok installed $1" ] || {
      echo "$package $1 is not installed"
      return 1
    }
  done
}

# has PATH MODE OWNER
has() {
  local found
  found=$(stat -c '%a %U' "$ROOT$1") || return 1
  [ "$found" = "$2 $3" ] || { echo "$1 is $found, not $2 $3"; return 1; }
}

files_are_right() {
  local file status=0
  for file in lockstep lockstepd lockstep-compare lockstep-witness; do has "/usr/bin/$file" 755 root || status=1; done
  for file in lockstepd lockstep-witness; do
    has "/lib/systemd/system/$file.service" 644 root && has "/etc/default/$file" 644 root || status=1
  done
  has /etc/lockstep 755 root && has /etc/lockstep/modules 755 root && has /var/lib/lockstep 700 root || status=1
  [ -z "$(find "$ROOT/etc/lockstep" "$ROOT/var/lib/lockstep" ! -type d)" ] || { echo "a configuration is installed"; status=1; }
  for file in "${PACKAGES[@]}"; do has "/usr/share/doc/$file/copyright" 644 root || status=1; done
  for file in container domain postgresql service; do has "/usr/lib/lockstep/$file" 755 root || status=1; done
  has /usr/share/doc/lockstep/guide/index.html 644 root || status=1
  for file in man1/lockstep.1 man1/lockstep-compare.1 man5/lockstep.toml.5 man7/lockstep-guide.7 man8/lockstepd.8 \
    man8/lockstep-witness.8; do
    has "/usr/share/man/$file.gz" 644 root || status=1
  done
  return $status
}

# Each shell finds the script where it looks, and the script asks the installed program.
completion_works() {
  local offered
  has /usr/share/zsh/vendor-completions/_lockstep 644 root && has /usr/share/fish/vendor_completions.d/lockstep.fish 644 root || return 1
  # shellcheck disable=SC2016  # for the shell within
  offered=$(in_root bash -c '. /usr/share/bash-completion/completions/lockstep
    COMP_WORDS=(lockstep st); COMP_CWORD=1; _lockstep; echo "${COMPREPLY[@]}"') || return 1
  [ "$offered" = "start status stop" ] || { echo "bash is offered: $offered"; return 1; }
}

programs_run() {
  local program said
  for program in lockstep lockstepd lockstep-compare lockstep-witness; do in_root "$program" --version || return 1; done
  # Without a configuration they say what is missing, and end.
  said=$(in_root lockstepd 2>&1) && { echo "lockstepd runs without a configuration"; return 1; }
  grep -q 'cannot read /etc/lockstep/cluster.toml' <<<"$said" || { echo "lockstepd says: $said"; return 1; }
}

units_are_valid() {
  local said
  said=$(in_root systemd-analyze verify lockstepd.service lockstep-witness.service 2>&1) || { echo "$said"; return 1; }
  ! grep -E '(lockstepd|lockstep-witness)\.service:' <<<"$said"
}

is_enabled() { [ "$(in_root systemctl is-enabled "$1.service")" = enabled ]; }

nothing_was_called() { [ ! -s "$ROOT$CALLS" ] || { cat "$ROOT$CALLS"; return 1; }; }

nothing_is_started() {
  ! is_enabled lockstepd && ! is_enabled lockstep-witness && nothing_was_called
}

# Files of every kind that must outlive the packages, with their contents' sums.
configure_as_a_person_would() {
  mkdir -p "$ROOT"/{etc/lockstep/keys,var/lib/lockstep/recordings/shop,srv/shop/.lockstep-conflicts}
  echo 'name = "office"' >"$ROOT/etc/lockstep/cluster.toml"
  echo 'directory = "/srv/shop"' >"$ROOT/etc/lockstep/modules/shop.toml"
  echo 'secret' >"$ROOT/etc/lockstep/keys/node.key"
  chmod 600 "$ROOT/etc/lockstep/keys/node.key"
  echo 'votes' >"$ROOT/var/lib/lockstep/shop.journal"
  echo 'events' >"$ROOT/var/lib/lockstep/recordings/shop/000001-000001.recording"
  echo 'orders' >"$ROOT/srv/shop/orders"
  echo 'the older' >"$ROOT/srv/shop/.lockstep-conflicts/kept"
  echo 'LOCKSTEPD_OPTIONS="--node s1"' >"$ROOT/etc/default/lockstepd"
  in_root systemctl enable lockstepd.service >/dev/null 2>&1
  kept_files >"$ROOT/var/tmp/kept"
}

kept_files() {
  local paths=("$ROOT"/etc/lockstep "$ROOT"/var/lib/lockstep "$ROOT"/srv/shop "$ROOT"/etc/default/lockstepd)
  find "${paths[@]}" -type f -exec stat -c '%a %U %n' {} + -exec sha256sum {} + 2>/dev/null | sort
}

everything_is_kept() { diff "$ROOT/var/tmp/kept" <(kept_files); }

everything_but_options_is_kept() {
  [ ! -e "$ROOT/etc/default/lockstepd" ] || { echo "/etc/default/lockstepd outlives a purge"; return 1; }
  diff <(grep -v /etc/default/lockstepd "$ROOT/var/tmp/kept") <(kept_files)
}

remove_packages() {
  : >"$ROOT$CALLS"
  in_root apt-get -q -y remove "${PACKAGES[@]}" || return 1
  ! ls "$ROOT"/usr/bin/lockstep* "$ROOT"/lib/systemd/system/lockstep* 2>/dev/null
}

purge_packages() {
  local directory said
  said=$(in_root apt-get -q -y purge "${PACKAGES[@]}" 2>&1) || { echo "$said"; return 1; }
  for directory in /etc/lockstep /var/lib/lockstep; do
    grep -q "^$directory is kept" <<<"$said" || { echo "nothing is said of $directory: $said"; return 1; }
  done
  ! in_root systemctl is-enabled lockstepd.service 2>/dev/null
}
