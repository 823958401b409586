# shellcheck shell=sh disable=SC2034
# Begins scripts that run the programs of a database. Arguments: host, port, socket, user and database, `dump`, `sql` or `query`, and what
# is for that: whether to dump rows, and tables without theirs; or options of the client. The password comes from standard input, up to a
# line of its own, so it is no argument of any process. After it comes the SQL; that of a query ends with such a line, too.

# Reads lines up to this one.
read_to() {
  lines=
  while IFS= read -r line && [ "$line" != "$1" ]; do
    lines="$lines
$line"
  done
  lines=${lines#?}
}
read_to 'dnx: password'
password=$lines
host=$1 port=$2 socket=$3 user=$4 database=$5 task=$6
shift 6

# Prints the path of the first of these programs that is installed.
need() {
  for each in $1; do
    if [ "$each" != or ] && command -v "$each"; then return 0; fi
  done
  echo "dnx: missing $1" >&2
  return 1
}

# Runs a client for a query. Standard input stays open as long as someone waits for the result: its end interrupts the client, which then
# ends the statement in the database, and its connection if that is not enough.
attended() {
  read_to 'dnx: query'
  exec 3<&0
  printf '%s\n' "$lines" | "$@" 3<&- &
  client=$!
  (
    read -r _ <&3
    while kill -INT "$client"; do sleep 1; done
  ) >/dev/null 2>&1 &
  wait "$client"
  code=$?
  kill "$!" 2>/dev/null
  exit "$code"
}
