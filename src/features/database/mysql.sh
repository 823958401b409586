# shellcheck shell=sh disable=SC2154
# Prints a dump of MySQL or MariaDB, or what a query yields. Follows clients.sh.
# The password in an option file would be used instead.
MYSQL_PWD=$password MYSQL_TEST_LOGIN_FILE=/dev/null
export MYSQL_PWD MYSQL_TEST_LOGIN_FILE
if [ -n "$socket" ]; then set -- --socket="$socket"; else set -- --host="$host"; fi
if [ -n "$port" ]; then set -- --port="$port" "$@"; fi
# The application does not verify the certificate either, and MySQL sends its key if it has no TLS. `loose`: a program may not know the option.
set -- --no-defaults --loose-skip-ssl-verify-server-cert --loose-get-server-public-key --user="$user" --default-character-set=utf8mb4 "$@"
dump=$(need 'mariadb-dump or mysqldump') || exit 127

if [ "$task" = query ]; then
  client=$(need 'mariadb or mysql') || exit 127
  echo 'dnx: output'
  "$client" "$@" --batch --skip-column-names --database="$database" --execute="$given"
  exit $?
fi

# Leaves out events or routines if the account may not read them, because that fails a dump only at its end.
client=$(command -v mariadb || command -v mysql) || client=false
ask() {
  statement=$1
  shift
  "$client" "$@" --batch --skip-column-names --database="$database" --execute="$statement" 2>/dev/null
}
more=
if ask 'SHOW EVENTS' "$@" >/dev/null; then more=--events; else echo 'dnx: without events' >&2; fi
hidden=$(ask 'SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL' "$@")
if [ "$hidden" = 0 ]; then more="$more --routines"; else echo 'dnx: without routines' >&2; fi
echo 'dnx: output'
# MySQL's own program adds what other servers refuse, and asks MariaDB for what it lacks.
# shellcheck disable=SC2086
"$dump" "$@" --single-transaction --quick --triggers --no-tablespaces --loose-set-gtid-purged=OFF --loose-column-statistics=0 \
  $given $more -- "$database"
# Not exec: ssh reports a killed program as a lost connection, but the shell reports it as an exit code.
exit $?
