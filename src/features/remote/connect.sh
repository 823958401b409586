# shellcheck shell=sh disable=SC2154
# Changes to a site, and runs a command or a login shell. Without a directory, only the shell. Follows site.sh.
# Arguments: those of find_site, the message for no directory, and the words of the command.
find_site "$1" "$2"
if [ -z "$live" ]; then
  printf '%s\n' "$3" >&2
  if [ $# -gt 3 ]; then exit 6; fi
  live=$HOME
fi
cd "$live" || exit 6
shift 3
if [ $# -eq 0 ]; then exec "${SHELL:-sh}" -l; fi
# Some shells read the options of exec.
case $1 in
  -*)
    "$@"
    exit
    ;;
esac
exec "$@"
