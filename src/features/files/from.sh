# shellcheck shell=sh disable=SC2154,SC2086
# Sends what a path names. Follows site.sh and paths.sh.
# Arguments: those of go_to, a name or pattern in it, rsync or tar, 1 for directories, 1 for what the name contains, and those of rsync.
go_to "$1" "$2" "$3"
name=$4 how=$5 recursive=$6 contents=$7
shift 7
if [ -d "$name" ] && [ -z "$recursive" ]; then refuse 2 is-directory; fi
if [ "$how" = rsync ]; then
  require_rsync
  if [ -n "$contents" ] && [ -f "$name" ]; then refuse 2 otherwise; fi
  exec rsync "$@"
fi
set -- "./$name"
# A pattern stands for what it matches; nothing else in it is interpreted.
if ! [ -e "$1" ]; then
  set --
  IFS=
  for each in ./$name; do
    if [ -n "$recursive" ] || ! [ -d "$each" ]; then set -- "$@" "$each"; else say "skipped ${each#./}"; fi
  done
fi
exec tar -chzf - -- "$@"
