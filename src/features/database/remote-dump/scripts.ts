import type { Credentials } from '../credentials.ts';

type Driver = Credentials['driver'];

/** The line before the output of a script: a login shell may print something first. */
export const MARK = 'dnx: output';
/** How a script says on stderr that a program is not installed, and that it leaves something out. */
export const MISSING = 'dnx: missing';
export const WITHOUT = 'dnx: without';

/** Reads a variable from standard input to its end. `x`: a shell drops trailing newlines. */
const secret = (name: string): string => `${name}=$(cat; printf x); ${name}=\${${name}%x}; export ${name}`;

const program = (variable: string, ...names: readonly string[]): string =>
  `${variable}=$(${names.map((each) => `command -v ${each}`).join(' || ')}) || { echo '${MISSING} ${names.join(' or ')}' >&2; exit 127; }`;

/** Turns host, port, socket, user and database into `$database` and the options of every client. */
const mysql = [
  secret('MYSQL_PWD'),
  // The password in an option file would be used instead.
  'export MYSQL_TEST_LOGIN_FILE=/dev/null',
  'host=$1 port=$2 socket=$3 user=$4 database=$5; shift 5',
  'if [ -n "$port" ]; then set -- --port="$port" "$@"; fi',
  'if [ -n "$socket" ]; then set -- --socket="$socket" "$@"; else set -- --host="$host" "$@"; fi',
  // The application does not verify the certificate either, and MySQL sends its key if it has no TLS. `loose`: a program may not know the option.
  'set -- --no-defaults --loose-skip-ssl-verify-server-cert --loose-get-server-public-key --user="$user" --default-character-set=utf8mb4 "$@"',
];

const pgsql = [
  secret('PGPASSWORD'),
  'unset PGSERVICE PGHOSTADDR PGOPTIONS',
  // As an argument, a database named `host=x` would be a connection string.
  'export PGHOST="$1" PGPORT="$2" PGUSER="$4" PGDATABASE="$5" PGCLIENTENCODING=UTF8',
  `if [ -n "$3" ]; then PGHOST=\${3%/*}; fi; shift 5`,
];

const mysqldump = program('dump', 'mariadb-dump', 'mysqldump');
const pgdump = program('dump', 'pg_dump');
const mark = `echo '${MARK}'`;

const HIDDEN_ROUTINES = 'SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_DEFINITION IS NULL';

/** Leaves out events or routines if the account may not read them, because that fails a dump only at its end. */
const optional = [
  'client=$(command -v mariadb || command -v mysql) || client=false',
  'ask() { statement=$1; shift; "$client" "$@" --batch --skip-column-names --database="$database" --execute="$statement" 2>/dev/null; }',
  'more=',
  `if ask 'SHOW EVENTS' "$@" >/dev/null; then more=--events; else echo '${WITHOUT} events' >&2; fi`,
  `hidden=$(ask '${HIDDEN_ROUTINES}' "$@")`,
  `if [ "$hidden" = 0 ]; then more="$more --routines"; else echo '${WITHOUT} routines' >&2; fi`,
].join('\n');

const MYSQL_OPTIONS = [
  '--single-transaction --quick --triggers --no-tablespaces',
  // MySQL's own program adds what other servers refuse, and asks MariaDB for what it lacks.
  '--loose-set-gtid-purged=OFF --loose-column-statistics=0',
].join(' ');

/** Takes the last of six arguments away, because what remains become options of every client. */
const last = (variable: string): string => `${variable}=$6; set -- "$1" "$2" "$3" "$4" "$5"`;

/**
 * Scripts that print a dump, for sh. Their arguments are those of `argumentsOf`, and an option of the program alone, or nothing. Not
 * `exec`: ssh reports a killed program as a lost connection, but the shell reports it as an exit code.
 */
export const dumpScripts: Readonly<Record<Driver, string>> = {
  mysql: [last('rows'), ...mysql, mysqldump, optional, mark, `"$dump" "$@" ${MYSQL_OPTIONS} $rows $more -- "$database"; exit $?`].join(
    '\n',
  ),
  pgsql: [last('rows'), ...pgsql, pgdump, mark, '"$dump" --no-password --no-owner --no-privileges --encoding=UTF8 $rows; exit $?'].join(
    '\n',
  ),
};

/** Scripts that print what a query yields. Their last argument is the query. They fail if a dump would lack its program. */
export const queryScripts: Readonly<Record<Driver, string>> = {
  mysql: [
    last('query'),
    ...mysql,
    mysqldump,
    program('client', 'mariadb', 'mysql'),
    mark,
    '"$client" "$@" --batch --skip-column-names --database="$database" --execute="$query"; exit $?',
  ].join('\n'),
  pgsql: [
    last('query'),
    ...pgsql,
    pgdump,
    program('client', 'psql'),
    mark,
    '"$client" --no-psqlrc --no-password --quiet --no-align --tuples-only --command="$query"; exit $?',
  ].join('\n'),
};

/** The arguments of the scripts. For `localhost`, the clients of MySQL use the socket, unless they are given a port. */
export const argumentsOf = ({ driver, host, port, socket, username, database }: Credentials): readonly string[] => [
  host,
  driver === 'mysql' && (host === 'localhost' || socket !== undefined) ? '' : String(port),
  socket ?? '',
  username,
  database,
];
