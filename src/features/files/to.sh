# shellcheck shell=sh disable=SC2154
# Receives files. Follows site.sh and paths.sh.
# Arguments: those of go_to, the name of the target in it, why to refuse one that is no directory, the only name that is sent, rsync or tar, and
# those of rsync.
go_to "$1" "$2" "$3"
target=./$4 refusal=$5 name=$6 how=$7
shift 7
if [ "$how" = rsync ]; then require_rsync; fi
directory=.
if [ -d "$target" ]; then
  directory=$target
elif [ -n "$refusal" ]; then
  refuse 6 "$refusal"
fi
if ! [ -w "$directory" ]; then refuse 5 forbidden; fi

if [ "$how" = rsync ]; then
  rsync "$@"
  code=$?
  # A full disk needs what a part of a file takes.
  if [ $code = 11 ]; then find "$directory" -xdev -name .dnx-partial -prune -exec rm -rf {} +; fi
  exit $code
fi

# An archive goes to its place once it is whole.
part=$(mktemp -d "$directory/.dnx-cp-XXXXXX") || exit 1
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM
tar -xozf - -C "$part" || exit 1
if [ -d "$target" ]; then
  cp -rlf "$part/." "$target"
elif [ -d "$part/$name" ]; then
  mkdir "$target" && cp -rlf "$part/$name/." "$target"
else
  mv -f "$part/$name" "$target"
fi
