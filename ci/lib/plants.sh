# shellcheck shell=bash

# plants_and_profiles: "PLANT PROFILE", one a line: each planted bug and the profile whose runs show it. What only a verify can
# get wrong shows where much rots and is compared; what a store that loses its record may do, where it does.
plants_and_profiles() {
  build/bin/lockstep-sim plants | awk '{ print $1, $2 == "verify" ? "rot" : $2 == "store" ? "store" : "all" }'
}
