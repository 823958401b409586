import { AGAIN, byPrefix, type Cause, cause, causesWith, type FoundCause, matchedGroup, RETRY, SCRIPT, THEN_AGAIN } from './cause.ts';

const STATUS = 'See which migrations ran: dnx artisan {here} migrate:status';

/** What a failed release lacks, `migrate` in the live one does not create. */
const pending = ({ line }: FoundCause): readonly string[] =>
  line.source === 'laravel'
    ? [STATUS, 'Run the migrations: dnx artisan {here} migrate --force']
    : [STATUS, 'Run php artisan migrate --force before the command that needs it', THEN_AGAIN];

/** Failures of `php artisan migrate`, with MySQL, MariaDB, PostgreSQL and SQLite. */
export const migrations: readonly Cause[] = [
  // PostgreSQL calls an index a relation.
  cause('migration_index_exists', 90, 'A migration adds the index {match}, which exists', {
    patterns: [
      /1061 Duplicate key name '([^']+)'|General error: 1 index (\S+) already exists/,
      /SQLSTATE\[42P07\].*relation "([^"]+)" already exists.*SQL: (?:create (?:unique )?index|alter table .* add constraint)/,
    ],
    fixes: ['A migration ran only partly: let it check with Schema::hasIndex', STATUS, THEN_AGAIN],
  }),
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
      /SQLSTATE\[(?:23000\].*1452 Cannot add or update a child row|(?:23503|42830)\])(?!.*SQL: (?!alter|create))/,
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
  cause('migration_drop_missing', 90, 'A migration drops {match}, which does not exist', {
    patterns: [
      /1091 Can't DROP (?:[A-Z ]+ )?[`']([^`']+)[`'];|1051 Unknown table '(?:[^'.]+\.)?([^']+)'/,
      /SQLSTATE\[42(?:703|704|P01)\].*\b(?:column|constraint|index|table) "([^"]+)" .*does not exist.*SQL: (?:alter table \S+ drop|drop) /,
    ],
    fixes: ['A migration ran only partly, or the name differs: check with Schema::hasColumn or hasIndex', STATUS, THEN_AGAIN],
  }),
  cause('migration_dependent', 90, 'A migration drops what a foreign key or a view needs', {
    patterns: [
      /: (?:1553 Cannot drop index|182[89] Cannot drop column|3730 Cannot drop table|1701 Cannot truncate a table|1451 .*SQL: (?:drop|alter))/,
      /SQLSTATE\[2BP01\]/,
    ],
    fixes: ['Drop the foreign key or the view first, in the same migration', STATUS, THEN_AGAIN],
  }),
  cause('migration_row_size', 90, 'A migration makes the rows of a table too large', {
    patterns: [/SQLSTATE\[42000\].*1118 Row size too large/],
    fixes: ['Change long string columns to text, or split the table', STATUS, THEN_AGAIN],
  }),
  cause('migration_cast', 90, 'PostgreSQL cannot convert the column {match} to its new type', {
    patterns: [/SQLSTATE\[42804\].*column "([^"]+)" cannot be cast automatically/],
    fixes: ['Say how in the migration: DB::statement("ALTER TABLE … ALTER COLUMN … TYPE … USING …")', STATUS, THEN_AGAIN],
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
    // What changes rows is more likely a seeder or a command.
    cause('migration_data', 88, 'The data does not fit what a migration changes', {
      patterns: [
        /SQLSTATE\[(?:01000|22001|22003|22004|22007)\].*(?:1265 Data truncated|1406 Data too long|1264 Out of range|1138 Invalid use of NULL|1292 Incorrect)(?!.*SQL: (?!alter|create))/,
        /SQLSTATE\[(?:23502|23514)\](?!.*SQL: (?!alter|create))|SQLSTATE\[22P02\].*SQL: alter/,
      ],
      fixes: ['Change the data in the migration before it changes the column', STATUS, THEN_AGAIN],
    }),
    cause('migration_unique', 88, 'Rows have the same value where a migration requires a unique one', {
      patterns: [/SQLSTATE\[23(?:000\].*1062 Duplicate entry(?!.*SQL: (?!alter|create))|505\].*could not create unique index)/],
      fixes: ['Merge or change those rows before the migration adds the unique index', STATUS, THEN_AGAIN],
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

/** The extensions of PostgreSQL that define functions and types which do not have its name. */
const EXTENSIONS = 'uuid_=uuid-ossp gen_=pgcrypto crypt=pgcrypto digest=pgcrypto similarity=pg_trgm gin_=pg_trgm st_=postgis geo=postgis';

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
  cause('database_extension', 92, 'PostgreSQL lacks the extension {extension}', {
    patterns: [
      /ERROR:\s+extension "([^"]+)" is not available|extension control file "\S*\/([\w-]+)\.control"|permission denied to create extension "([^"]+)"/,
      /SQLSTATE\[42883\].*\bfunction (uuid_generate_v\w+|gen_random_\w+|crypt|digest|similarity|unaccent|st_\w+)\(/i,
      /SQLSTATE\[42704\].*\b(?:type|operator class) "(geometry|geography|vector|citext|hstore|ltree|gin_trgm_ops)"/,
    ],
    words: ({ match }) => ({ extension: byPrefix(EXTENSIONS, matchedGroup(match)) ?? matchedGroup(match) }),
    fixes: [
      'Install its package on the server of the database, unless it comes with PostgreSQL',
      'Create it in the database as its superuser: CREATE EXTENSION IF NOT EXISTS "{extension}"',
      THEN_AGAIN,
    ],
  }),
  cause('database_function', 84, 'The database has no such function or operator: {match}', {
    patterns: [
      /SQLSTATE\[42883\].*(?:\bfunction (\S+\([^)]*\)) does not exist|operator does not exist: (.+?)(?: LINE \d| HINT:| \(Connection:|$))/,
      /: 1305 (?:FUNCTION|PROCEDURE) (\S+) does not exist/,
    ],
    fixes: ['Use one that this database has, or cast the values to its types', AGAIN],
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
  cause('redis_refused', 90, 'Redis does not answer', {
    patterns: [
      // phpredis, as Laravel logs and prints it.
      /(?:RedisException|PhpRedisConnector\.php line \d+)(?:\(code: \d+\)|","message")?:? ?"?(?:Connection (?:refused|timed out|lost|closed)|Operation timed|No such file|(?:read|socket) error)/,
      /Connection refused \[tcp:\/\/[\w.]+:6379\]/,
      /Error while reading line from the server\. \[tcp:/,
    ],
    fixes: ['See if it runs: dnx ssh {server} -- systemctl status redis-server', 'Compare the variables REDIS_*: dnx env list {here}'],
  }),
  cause('redis_host', 92, 'The host of Redis cannot be found', {
    patterns: [/(?:RedisException.*|PhpRedisConnector\.php line \d+: )php_network_getaddresses|getaddrinfo .*\[tcp:\/\/\S+:6379\]/],
    fixes: ['Compare REDIS_HOST: dnx env list {here}', AGAIN],
  }),
  cause('redis_memory', 92, 'Redis has reached its memory limit', {
    patterns: [/OOM command not allowed when used memory/],
    fixes: ['See what it uses: dnx ssh {server} -- redis-cli info memory', 'Raise maxmemory, or set a maxmemory-policy that evicts'],
  }),
  cause('redis_readonly', 91, 'Redis accepts no writes', {
    patterns: [/\bMISCONF\b.*(?:Redis|RDB)|READONLY You can't write against a read only replica/],
    fixes: ['See why: dnx ssh {server} -- journalctl -u redis-server -n 50', 'See the disk: dnx ssh {server} -- df -h'],
  }),
  cause('redis_auth', 92, 'Redis refuses the password', {
    patterns: [/NOAUTH Authentication required|WRONGPASS invalid username-password pair|ERR AUTH .*without any password configured/],
    fixes: ['Compare REDIS_PASSWORD: dnx env list {here}', AGAIN],
  }),
];
