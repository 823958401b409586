# shellcheck shell=sh disable=SC2154
# Prints a dump of MySQL or MariaDB, or what SQL yields. Follows clients.sh.
# The password in an option file would be used instead.
MYSQL_PWD=$password MYSQL_TEST_LOGIN_FILE=/dev/null
export MYSQL_PWD MYSQL_TEST_LOGIN_FILE
if [ -n "$socket" ]; then where=--socket=$socket; else where=--host=$host; fi

# Runs a program with this database server. The application does not verify the certificate either, and MySQL sends its key if it has no
# TLS. `loose`: a program may not know the option.
attend=
connected() {
  program=$1
  shift
  ${attend:+exec} "$program" --no-defaults --loose-skip-ssl-verify-server-cert --loose-get-server-public-key --user="$user" "$where" \
    ${port:+"--port=$port"} --default-character-set=utf8mb4 "$@"
}

if [ "$task" != dump ]; then
  client=$(need 'mariadb or mysql') || exit 127
  echo 'dnx: output'
  if [ "$task" = query ]; then attend=attended; fi
  $attend connected "$client" --batch --binary-mode --local-infile=0 --database="$database" "$@"
  exit $?
fi

dump=$(need 'mariadb-dump or mysqldump') || exit 127
rows=$1 masked=$2
shift 2
# Leaves out events or routines if the account may not read them, because that fails a dump only at its end.
client=$(command -v mariadb || command -v mysql) || client=false
ask() {
  connected "$client" --batch --skip-column-names --database="$database" --execute="$1" 2>/dev/null </dev/null
}
more=
if ask 'SHOW EVENTS' >/dev/null; then more=--events; else echo 'dnx: without events' >&2; fi
hidden=$(ask 'SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL')
if [ "$hidden" = 0 ]; then more="$more --routines"; else echo 'dnx: without routines' >&2; fi
# An account without any right to them does not even see that there are some. What a role grants is not shown everywhere.
grants=$(ask 'SHOW GRANTS')
may() { [ -z "$grants" ] || printf '%s\n' "$grants" | grep -Eq "ALL PRIVILEGES|^GRANT [\`']|$1"; }
may 'TRIGGER' || echo 'dnx: perhaps without triggers' >&2
may 'EXECUTE|ROUTINE|SELECT.* ON [*]' || echo 'dnx: perhaps without routines' >&2
# MySQL's own program adds what other servers refuse, and asks MariaDB for what it lacks.
dumped() {
  connected "$dump" --single-transaction --quick --triggers --no-tablespaces --loose-set-gtid-purged=OFF --loose-column-statistics=0 "$@"
}
echo 'dnx: output'
# Only MariaDB's program can leave out the rows of some tables, so these are dumped on their own.
if [ $# -gt 0 ]; then
  dumped --no-data -- "$database" "$@" || exit $?
  for each; do
    shift
    set -- "$@" "--ignore-table=$database.$each"
  done
fi
# The tables with rules follow on standard input. Each has a condition that yields its rows instead of those it has. As a comment, the dump
# would repeat it.
while [ "$masked" -gt 0 ]; do
  { IFS= read -r table && IFS= read -r condition; } || exit 1
  dumped --skip-comments "--where=$condition" -- "$database" "$table" || exit $?
  set -- "$@" "--ignore-table=$database.$table"
  masked=$((masked - 1))
done
# shellcheck disable=SC2086
dumped $rows $more "$@" -- "$database"
# Not exec: ssh reports a killed program as a lost connection, but the shell reports it as an exit code.
exit $?
