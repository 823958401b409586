# shellcheck shell=sh disable=SC2034
# Begins scripts that run the programs of a database. Arguments: host, port, socket, user and database, `dump` or `query`, and an option of
# the dump, or the query. The password comes from standard input, so it is no argument of any process. `x`: a shell drops trailing newlines.
password=$(cat; printf x)
password=${password%x}
host=$1 port=$2 socket=$3 user=$4 database=$5 task=$6 given=$7

# Prints the path of the first of these programs that is installed.
need() {
  for each in $1; do
    if [ "$each" != or ] && command -v "$each"; then return 0; fi
  done
  echo "dnx: missing $1" >&2
  return 1
}
