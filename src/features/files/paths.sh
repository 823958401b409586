# shellcheck shell=sh disable=SC2154
# What the scripts of files have in common. Follows site.sh. Lines on stderr tell dnx how far it came.
say() { printf 'dnx: %s\n' "$1" >&2; }
refuse() {
  say "$2"
  exit "$1"
}

# Goes to a directory, which begins in the site whose likely directories are $1 and $2, or in the home directory if $1 is empty.
go_to() {
  unset CDPATH
  say begun
  find_site "$1" "$2"
  if [ -n "$1" ] && [ -z "$live" ]; then refuse 6 no-site; fi
  cd "${live:-$HOME}" || exit 6
  if ! [ -d "$3" ]; then refuse 6 no-directory; fi
  cd "$3" || refuse 5 forbidden
}

require_rsync() { command -v rsync >/dev/null 2>&1 || refuse 127 no-rsync; }
