# shellcheck shell=sh disable=SC2034
# Sets root to the directory of a site, of the likely ones in $1 and, in the home directory, $2, and live to that of its live release, or
# of a site without releases. Both are empty if there is none.
find_site() {
  root=
  for each in "$1" "${2:+$HOME/$2}"; do
    if [ -d "$each" ]; then
      root=$each
      break
    fi
  done
  live=$root
  if [ -d "$root/current" ]; then live=$root/current; fi
}
