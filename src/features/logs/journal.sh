# shellcheck shell=sh disable=SC1007,SC2154,SC3013
# Reads the journal of a server: see logs.sh, whose output it has. What it has sent is told by a cursor of journalctl, as the live release
# of logs.sh, so that another connection can go on. Arguments: the number of entries (empty: go on), `follow` or nothing, the cursor so
# far, from when on to read, in seconds since 1970 (empty: the last entries), and the least priority (empty: any). Follows frames.sh.
lines=$1 follow=$2 cursor=$3 reach=$4 priority=$5
start=$(date +%s)

# Sends what is new, with the cursor after it.
send() {
  if [ -n "$cursor" ]; then set -- "--after-cursor=$cursor"
  elif [ -n "$reach" ]; then set -- "--since=@$reach"
  elif [ "${lines:-0}" -gt 0 ]; then set -- -n "$lines"
  else set -- "--since=@$start"
  fi
  [ -z "$priority" ] || set -- -p "$priority" "$@"
  say F journal 0 journal
  sent=$({
    journalctl --no-pager --quiet --show-cursor -o short-iso "$@" 2>/dev/null |
      awk "/^-- cursor: / { c = substr(\$0, 12); next } { print \" \" \$0 } END { if (c != \"\") print c | \"cat >&3\" }" >&4
  } 3>&1)
  printf "\nE\n"
  cursor=${sent:-$cursor} lines=
  say L "$cursor"
}

exec 4>&1
greet
if ! command -v journalctl >/dev/null; then
  say M journal
elif [ -n "$lines" ] && journalctl --no-pager -n 1 2>&1 >/dev/null | grep -q -e "insufficient permissions" -e "not seeing messages"; then
  say U "$(id -un):systemd-journal" journal
else
  say F journal 0 journal
fi
say S
if [ -z "$follow" ]; then
  send
  say Q
  exit 0
fi
end_with_input
begun=
while :; do
  last=$over
  send
  [ -n "$begun" ] || say B
  begun=1
  say .
  if [ -n "$last" ]; then
    say Q
    exit 0
  fi
  [ -n "$over" ] || sleep 1
done
