# shellcheck shell=sh disable=SC2034
# Begins scripts that run the programs of a database. Arguments: host, port, socket, user and database, `dump` or `sql`, and what is for
# that: whether to dump rows, and tables without theirs; or options of the client. The password comes from standard input, up to a line of
# its own, so it is no argument of any process. After it comes the SQL.
password=
while IFS= read -r line && [ "$line" != 'dnx: password' ]; do
  password="$password
$line"
done
password=${password#?}
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
