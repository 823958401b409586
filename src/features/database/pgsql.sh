# shellcheck shell=sh disable=SC2154
# Prints a dump of PostgreSQL, or what SQL yields. Follows clients.sh.
unset PGSERVICE PGHOSTADDR PGOPTIONS
# As an argument, a database named `host=x` would be a connection string.
PGPASSWORD=$password PGHOST=$host PGPORT=$port PGUSER=$user PGDATABASE=$database PGCLIENTENCODING=UTF8
if [ -n "$socket" ]; then PGHOST=${socket%/*}; fi
export PGPASSWORD PGHOST PGPORT PGUSER PGDATABASE PGCLIENTENCODING

if [ "$task" != dump ]; then
  client=$(need psql) || exit 127
  echo 'dnx: output'
  attend=
  if [ "$task" = query ]; then attend=attended; fi
  $attend "$client" --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 --file=- "$@"
  exit $?
fi

dump=$(need pg_dump) || exit 127
rows=$1 masked=$2
shift 2
for each; do
  shift
  set -- "$@" "--exclude-table-data=$each"
done
# shellcheck disable=SC2086
set -- "$dump" --no-password --no-owner --no-privileges --encoding=UTF8 $rows "$@"
if [ "$masked" = 0 ]; then
  echo 'dnx: output'
  "$@"
  # Not exec: ssh reports a killed program as a lost connection, but the shell reports it as an exit code.
  exit $?
fi

# The SQL on standard input prints the rows of the tables with rules. It runs pg_dump before and after them, in the same snapshot.
client=$(need psql) || exit 127
PG_DUMP=$(for each; do printf "'%s' " "$(printf %s "$each" | sed "s/'/'\\\\''/g")"; done)
export PG_DUMP
echo 'dnx: output'
"$client" --no-psqlrc --no-password --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --file=- 3>&1
exit $?
