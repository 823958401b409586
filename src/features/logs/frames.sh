# shellcheck shell=sh disable=SC1007,SC2034
# What logs.sh and journal.sh have in common. connection.ts reads what they print.
export LC_ALL=C

say() { printf "%s\n" "$*"; }

# A login shell may have printed something without a newline.
greet() {
  printf "\n%s\n" "dnx-logs 1"
  zone=$(date +%z)
  say Z "$zone"
}

# Its input ends with the connection or before: then over is set. What is left is sent, even if nobody writes any more.
end_with_input() {
  over=
  trap "over=1" TERM
  exec 3<&0
  { cat <&3 >/dev/null; kill $$; } >/dev/null 2>&1 &
  exec 3<&- </dev/null
}
