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
rows=$1
shift
for each; do
  shift
  set -- "$@" "--exclude-table-data=$each"
done
echo 'dnx: output'
# shellcheck disable=SC2086
"$dump" --no-password --no-owner --no-privileges --encoding=UTF8 $rows "$@"
# Not exec: ssh reports a killed program as a lost connection, but the shell reports it as an exit code.
exit $?
