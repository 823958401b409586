import { AGAIN, type Cause, cause, causesWith, type FoundCause, RETRY, SCRIPT, THEN_AGAIN } from './cause.ts';

const STATUS = 'See which migrations ran: dnx artisan {here} migrate:status';

/** What a failed release lacks, `migrate` in the live one does not create. */
const pending = ({ line }: FoundCause): readonly string[] =>
  line.source === 'laravel'
    ? [STATUS, 'Run the migrations: dnx artisan {here} migrate --force']
    : [STATUS, 'Run php artisan migrate --force before the command that needs it', THEN_AGAIN];

/** Failures of `php artisan migrate`, with MySQL, MariaDB, PostgreSQL and SQLite. */
export const migrations: readonly Cause[] = [
  cause('migration_table_exists', 90, 'A migration creates the table {match}, which exists', {
    patterns: [/SQLSTATE\[(?:42S01|42P07|HY000)\].*\b(?:[Tt]able|relation) ["']?([^\s"']+)["']? already exists/],
    fixes: ['A migration ran only partly, or someone created the table: mark it as run, or drop the table', STATUS, THEN_AGAIN],
  }),
  cause('migration_column_exists', 90, 'A migration adds the column {match}, which exists', {
    patterns: [/(?:SQLSTATE\[42S21\].*Duplicate column name '|SQLSTATE\[42701\].*?column "|duplicate column name: )([^\s"']+)/],
    fixes: ['A migration ran only partly: let it check with Schema::hasColumn', STATUS, THEN_AGAIN],
  }),
  cause('migration_foreign_key', 90, 'A migration adds a foreign key that the database refuses', {
    patterns: [
      /General error: (?:1215 Cannot add foreign key constraint|3780 Referencing column|1005 Can't create table .*errno: 150)/,
      /SQLSTATE\[(?:23000\].*1452 Cannot add or update a child row|(?:23503|42830)\])(?!.*SQL: insert)/,
    ],
    fixes: ['Give both columns the same type, and create the referenced table first', STATUS, THEN_AGAIN],
  }),
  cause('migration_key_length', 90, 'A migration adds an index that is too long', {
    patterns: [/SQLSTATE\[42000\].*1071 Specified key was too long/],
    fixes: ['Shorten the column or the index', STATUS, THEN_AGAIN],
  }),
  cause('migration_primary_key', 90, 'A migration creates a table without a primary key, which the database requires', {
    patterns: [/General error: 3750 Unable to create or change a table without a primary key/],
    fixes: ['Add a primary key to the table', STATUS, THEN_AGAIN],
  }),
  cause('migration_missing_table', 84, 'A query needs the table {match}, which does not exist', {
    patterns: [/(?:SQLSTATE\[42S02\].*?Table '|SQLSTATE\[42P01\].*?relation "|General error: 1 no such table: )([^\s"']+)/],
    fixes: pending,
  }),
  cause('migration_missing_column', 84, 'A query needs the column {match}, which does not exist', {
    patterns: [/(?:SQLSTATE\[42S22\].*?Unknown column '|SQLSTATE\[42703\].*?column "?|General error: 1 no such column: )([^\s"']+)/],
    fixes: pending,
  }),
  ...causesWith({ sources: SCRIPT }, [
    // An insert is more likely a seeder's.
    cause('migration_data', 88, 'The data does not fit what a migration changes', {
      patterns: [
        /SQLSTATE\[(?:01000|22001|22003|22004|22007)\].*(?:1265 Data truncated|1406 Data too long|1264 Out of range|1138 Invalid use of NULL|1292 Incorrect)/,
        /SQLSTATE\[23000\].*1062 Duplicate entry(?!.*SQL: insert)/,
        /SQLSTATE\[(?:23502|23505|23514)\](?!.*SQL: insert)/,
      ],
      fixes: ['Change the data in the migration before it changes the column', STATUS, THEN_AGAIN],
    }),
    cause('migration_lock', 88, 'A migration waited for a lock of another query', {
      patterns: [/SQLSTATE\[(?:HY000|40001)\].*(?:1205 Lock wait timeout exceeded|1213 Deadlock found)|SQLSTATE\[(?:55P03|40P01)\]/],
      fixes: [RETRY],
    }),
    cause('migration_confirmation', 86, 'The migrations asked for a confirmation', {
      patterns: [/Are you sure you want to run this command\?/, /^\s*(?:WARN\s+)?(?:Command cancell?ed)\.?$/],
      fixes: ['Use php artisan migrate --force in the deploy script', AGAIN],
    }),
    cause('migration_failed', 50, 'The migration {match} failed', {
      patterns: [/^\s*(\d{4}_\d\d_\d\d_\d{6}_\w+) \.{2,} .*\bFAIL$/],
      detail: /^\s*SQLSTATE\[/,
      fixes: ['Fix the migration', STATUS, THEN_AGAIN],
    }),
  ]),
];

const VARIABLES = 'Compare the variables DB_*: dnx env list {here}';

const DRIVERS: ReadonlyMap<string, string> = new Map([
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['pgsql', 'pgsql'],
  ['sqlite', 'sqlite3'],
]);

const driverOf = ({ line }: FoundCause): string => DRIVERS.get(/Connection: (\w+)/.exec(line.text)?.[1] ?? '') ?? '';

/** Databases and Redis that do not answer, or refuse. */
export const database: readonly Cause[] = [
  cause('database_refused', 90, 'The database does not accept connections', {
    patterns: [
      /(?:SQLSTATE\[HY000\] \[2002\]|connection to server .*failed:) (?:Connection refused|No such file or directory|(?:Connection|Operation) timed out)/,
      /Can't connect to (?:local )?(?:MySQL|MariaDB|server)/i,
    ],
    fixes: ['See if it runs: dnx ssh {server} -- systemctl status mysql mariadb postgresql', VARIABLES],
  }),
  cause('database_denied', 92, 'The database refuses the user or password', {
    patterns: [
      /(?:SQLSTATE\[HY000\] \[(?:1044|1045|1698)\]|^ERROR (?:1044|1045|1698) \(\w+\):) Access denied/,
      /FATAL:\s+(?:(?:Peer|Ident|password) authentication failed for user|role "[^"]+" does not exist)/,
    ],
    fixes: [VARIABLES, THEN_AGAIN],
  }),
  cause('database_host_denied', 92, 'The database accepts no connections from this server', {
    patterns: [/FATAL:\s+no pg_hba\.conf entry|(?:\[1130\]|^ERROR 1130 \(\w+\):) Host '[^']+' is not allowed/],
    words: ({ line }) => ({ encryption: /no encryption/.test(line.text) ? ', or set DB_SSLMODE=require' : '' }),
    fixes: ['Allow the address in this line at the database{encryption}', VARIABLES, THEN_AGAIN],
  }),
  cause('database_privilege', 91, 'The user of the database lacks a privilege', {
    patterns: [/SQLSTATE\[42(?:501\]|000\].*\b1142 \w+ command denied to user)/],
    fixes: ['Grant it to the user of the site, as the owner of the database', VARIABLES, THEN_AGAIN],
  }),
  cause('database_missing', 92, 'The database {match} does not exist', {
    patterns: [/(?:\[1049\]|^ERROR 1049 \(42000\):) Unknown database '([^']+)'|FATAL:\s+database "([^"]+)" does not exist/],
    fixes: ['Create it: dnx database create {match} --server {server}', VARIABLES],
  }),
  cause('database_host', 92, 'The host of the database cannot be found', {
    patterns: [
      /SQLSTATE\[HY000\] \[2002\] php_network_getaddresses: getaddrinfo (?:for \S+ )?failed|^ERROR 2005 \(HY000\): Unknown (?:MySQL |MariaDB )?server host/,
      /could not translate host name "([^"]+)" to address/,
    ],
    fixes: [VARIABLES, THEN_AGAIN],
  }),
  cause('database_connections', 90, 'The database has too many connections', {
    patterns: [
      /\[1040\] Too many connections|\[1203\].*max_user_connections/,
      /FATAL:\s+(?:sorry, too many clients already|remaining connection slots are reserved)/,
    ],
    fixes: ['See the workers: dnx queue list {here}', RETRY],
  }),
  cause('database_driver', 90, 'PHP lacks the driver of the database', {
    patterns: [/^(?!.*"message").*\bcould not find driver\b(?: \(Connection: | \(SQL: | in \/|\s*$)/],
    words: (found) => ({ driver: driverOf(found) }),
    fixes: (found) =>
      driverOf(found) === ''
        ? [VARIABLES, 'Install the extension for DB_CONNECTION on the server']
        : ['Install it: dnx ssh {server} -- sudo apt-get install -y php{php}-{driver}', AGAIN],
  }),
  cause('database_readonly', 88, 'The database may not be written', {
    patterns: [
      /(?:General error: 8 attempt to write a readonly database|1290 The MySQL server is running with the --(?:super-)?read-only|SQLSTATE\[25006\])/,
    ],
    fixes: ['See who owns it: dnx ssh {server}/{site} -- ls -l database storage', VARIABLES],
  }),
  cause('database_gone', 80, 'The database closed the connection', {
    patterns: [/SQLSTATE\[HY000\].*(?:2006 MySQL server has gone away|server closed the connection unexpectedly)/],
    fixes: ['See if it was restarted: dnx ssh {server} -- systemctl status mysql mariadb postgresql', RETRY],
  }),
  cause('redis_refused', 90, 'Redis does not accept connections', {
    patterns: [
      /(?:RedisException|PhpRedisConnector\.php line \d+):? Connection refused/,
      /Connection refused \[tcp:\/\/[\w.]+:6379\]/,
      /Error while reading line from the server\. \[tcp:/,
    ],
    fixes: ['See if it runs: dnx ssh {server} -- systemctl status redis-server', 'Compare the variables REDIS_*: dnx env list {here}'],
  }),
  cause('redis_readonly', 91, 'Redis accepts no writes', {
    patterns: [/\bMISCONF\b.*(?:Redis|RDB)|READONLY You can't write against a read only replica|OOM command not allowed when used memory/],
    fixes: ['See why: dnx ssh {server} -- journalctl -u redis-server -n 50', 'See the disk: dnx ssh {server} -- df -h'],
  }),
  cause('redis_auth', 92, 'Redis refuses the password', {
    patterns: [/NOAUTH Authentication required|WRONGPASS invalid username-password pair|ERR AUTH .*without any password configured/],
    fixes: ['Compare REDIS_PASSWORD: dnx env list {here}', AGAIN],
  }),
];
