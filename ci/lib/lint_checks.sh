# shellcheck shell=bash
# The checks of ci/lint; each is silent and succeeds, or says what is wrong.

readonly SOURCE_FOLDERS=(engine io sim prod props bench)

sources_in() {  # sources_in ROOT: C and C++ files, NUL-separated
  local folder folders=()
  for folder in "${SOURCE_FOLDERS[@]}"; do
    [ ! -d "$1/$folder" ] || folders+=("$1/$folder")
  done
  find "${folders[@]}" -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.c' \) -print0 | sort -z
}

formatted() { sources_in "$1" | xargs -0 -r clang-format --style="file:$PWD/.clang-format" --dry-run -Werror; }

engine_is_pure() {
  local archives
  archives=("$1"/engine/*.a)
  [ -e "${archives[0]}" ] || { echo "no engine libraries in $1/engine: build first"; return 1; }
  "$CI/lib/engine_symbols" "$CI/engine_symbols.allow" "${archives[@]}"
}

scripts_are_clean() {
  local file scripts=() python=()
  for file in "$CI"/* "$CI"/lib/* "$CI"/lab_tests/* "$CI"/campaign/* bench/* bench/*/* prod/*/* .ci/*; do
    [ -f "$file" ] || continue
    case "$file $(head -n 1 "$file")" in
      *' #!/bin/bash' | *' #!/bin/sh' | *' # shellcheck shell=bash') scripts+=("$file") ;;
      *.py\ * | *' #!/usr/bin/python3') python+=("$file") ;;
    esac
  done
  pyflakes3 "${python[@]}" || return 1
  # SC1091: sourced files are checked on their own. SC2034, SC2154: variables cross those files. SC2016: scripts that
  # are handed to an inner shell expand there.
  shellcheck -x -e SC1091,SC2034,SC2154,SC2016 "${scripts[@]}"
}

# Static analysis takes a minute where much is included: the engine is analysed always, the rest of what runs in
# production where it was changed lately, and wholly by `ci/lint --all`. What the build compiles together is analysed
# together.
readonly TIDY_CHANGED_UNITS_MAX=4

# changed_lately: of the units on stdin those with a source of io/ or prod/ that was changed
changed_lately() {
  local changed unit
  changed=$({
    git diff --name-only HEAD
    git diff --name-only HEAD~3 HEAD 2>/dev/null
  } | grep -E '^(io|prod)/.*\.cpp$' | sort -u | sed "s|^|$PWD/|")
  while read -r unit; do
    ! { echo "$unit"; sed -n 's/^#include "\(.*\)"$/\1/p' "$unit"; } | grep -qxF "$changed" || echo "$unit"
  done | sed -n "1,${TIDY_CHANGED_UNITS_MAX}p"  # head would end before all is said
}

tidied() {  # tidied lately|all
  local units engine="/engine/"
  [ -e build/compile_commands.json ] || { echo "no build/compile_commands.json: configure first"; return 1; }
  units=$(jq -r '.[].file' build/compile_commands.json | sort -u | grep -E "^$PWD/(build/)?(engine|io|prod)/" |
    grep -vE '_test\.(cpp|dir/)')
  if [ "$1" = all ]; then
    echo "$units"
  else
    grep -F "$engine" <<<"$units"
    grep -vF "$engine" <<<"$units" | changed_lately
  fi | tr '\n' '\0' |
    xargs -0 -r -n 1 -P "$(nproc)" clang-tidy -p build --quiet "${TIDY_OPTIONS[@]}" 2> >(grep -v ' warnings\? generated\.$' >&2)
}

# The build is gcc's, and its units do include sources. clang-tidy 14 takes the defaulted <=> for a null pointer, and
# follows Asio's any_executor into a path that cannot be.
readonly TIDY_OPTIONS=("--extra-arg=-Wno-unknown-warning-option"
  "--checks=-modernize-use-nullptr,-clang-analyzer-core.NullDereference,-bugprone-suspicious-include")

# A lint that cannot fail proves nothing: here each check is given something that it must refuse.
planted_violations_are_caught() {
  local root found name status=0
  root=$(mktemp -d)
  mkdir -p "$root"/{engine/cluster,io/toml,sim/program,prod,props/fuzz,tidy}
  plant() { printf '%s\n' "${@:2}" >"$root/$1"; }
  must_name() {  # must_name TEXT: in the output of the include rules
    grep -qF "$1" <<<"$found" || { echo "not caught: $1"; status=1; }
  }
  plant engine/clock.cpp '#include <chrono>' '#include "prod/daemon.h"' '#include "io/linux/volume.h"'
  plant engine/boost.cpp '#include <boost/asio.hpp>' '#include <boost/msm/back/state_machine.hpp>'
  plant engine/cluster/table.cpp '#include <boost/msm/back/state_machine.hpp>'
  plant io/link.h '#include "engine/node_engine.h"' '#include <thread>'
  plant sim/world.cpp '#include <random>' '#include "io/asio/asio_link.h"' '#include <cstdint>' \
    '#include "prod/config/configuration.h"' '#include <toml++/toml.h>'
  plant io/toml/toml.h '#include <toml++/toml.h>' '#include "engine/values/buffer.h"'
  plant sim/program/main.cpp '#include <thread>' '#include "prod/config/configuration.h"' '#include "prod/daemon.h"'
  plant prod/main.cpp '#include "sim/world.h"'
  plant props/scenario.cpp '#include "prod/daemon.h"'
  plant props/fuzz/target.cpp '#include "prod/daemon.h"' '#include "io/asio/hello.h"'
  found=$("$CI/lib/include_rules" "$root")
  must_name 'engine/clock.cpp:1: engine/ must not include chrono'
  must_name 'engine/clock.cpp:2: engine/ must not include prod/daemon.h'
  must_name 'engine/clock.cpp:3: engine/ must not include io/linux/volume.h'
  must_name 'engine/boost.cpp:1: engine/ must not include boost/asio.hpp'
  must_name 'engine/boost.cpp:2: engine/ must not include boost/msm/back/state_machine.hpp'
  must_name 'io/link.h:1: io/ must not include engine/node_engine.h'
  must_name 'io/link.h:2: io/ must not include thread'
  must_name 'sim/world.cpp:1: sim/ must not include random'
  must_name 'sim/world.cpp:2: sim/ must not include io/asio/asio_link.h'
  must_name 'sim/world.cpp:4: sim/ must not include prod/config/configuration.h'
  must_name 'sim/world.cpp:5: only io/toml/ includes toml++/toml.h'
  must_name 'io/toml/toml.h:2: io/ must not include engine/values/buffer.h'
  must_name 'sim/program/main.cpp:3: sim/ must not include prod/daemon.h'
  must_name 'prod/main.cpp:1: prod/ must not include sim/world.h'
  must_name 'props/scenario.cpp:1: props/ must not include prod/daemon.h'
  [ "$(wc -l <<<"$found")" = 15 ] || { echo "the include rules refuse what is allowed"; status=1; }

  plant engine/form.cpp 'int  f( ){return 1 ;}'
  ! formatted "$root" 2>/dev/null || { echo "not caught: a badly formatted file"; status=1; }

  plant sim/one.h 'namespace lockstep::sim {' 'class History {'
  plant prod/one.h 'namespace lockstep::prod {' 'class History {'
  "$CI/lib/defined_once" "$root" || { echo "types that are defined once are refused"; status=1; }
  plant sim/program/two.h 'namespace lockstep::sim {' 'struct History : Base {'
  ! "$CI/lib/defined_once" "$root" >/dev/null || { echo "not caught: two types of one name"; status=1; }

  mkdir "$root/build" "$root/build/engine"
  plant engine/impure.cpp '#include <chrono>' '#include <ctime>' '#include <cstdlib>' \
    'long f() { return time(nullptr) + rand() + std::chrono::steady_clock::now().time_since_epoch().count(); }'
  g++ -std=c++20 -c "$root/engine/impure.cpp" -o "$root/build/impure.o"
  ar rc "$root/build/engine/liblockstep_engine.a" "$root/build/impure.o"
  found=$(engine_is_pure "$root/build")
  for name in time rand 'std::chrono::_V2::steady_clock::now()'; do
    grep -qxF "the engine must not use: $name" <<<"$found" || { echo "not caught: $name"; status=1; }
  done

  plant tidy/redundant.cpp 'bool f(int a) { return a == a; }'
  ! clang-tidy --config-file=.clang-tidy --quiet "${TIDY_OPTIONS[@]}" "$root/tidy/redundant.cpp" -- -std=c++20 >/dev/null 2>&1 ||
    { echo "not caught: what clang-tidy should find"; status=1; }

  plant tidy/undefined.py 'def f():' '    touch_memory()'
  ! pyflakes3 "$root/tidy/undefined.py" >/dev/null || { echo "not caught: a name that no script defines"; status=1; }
  rm -rf "$root"
  return $status
}

# The table in ARCHITECTURE.md has every planted bug, and each was found.
plants_are_measured() {
  local table
  table=$(sed -n '/^<!-- planted bugs begin -->$/,/^<!-- planted bugs end -->$/p' ARCHITECTURE.md)
  diff <(build/bin/lockstep-sim plants | awk '{ print $1 }' | sort) \
    <(sed -nE 's/^\| `([a-z-]+)` \|.*\| [0-9]+ \|$/\1/p' <<<"$table" | sort) || {
    echo "ARCHITECTURE.md: replace the table of planted bugs by the output of build/bin/lockstep-sim plants --measure"
    return 1
  }
}

# The diagram in ARCHITECTURE.md is what the transition table says now.
diagram_is_current() {
  local drawn
  drawn=$(sed -n '/^<!-- role diagram begins -->$/,/^<!-- role diagram ends -->$/p' ARCHITECTURE.md | grep -v -e '^<!--' -e '^```')
  diff <(build/bin/lockstep-role-diagram) - <<<"$drawn" || {
    echo "ARCHITECTURE.md: replace the role diagram by the output of build/bin/lockstep-role-diagram"
    return 1
  }
}
