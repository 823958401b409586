import { wordOf } from '../../../base/text.ts';
import { deployFix, type FixOf, ofServer, ofSite, sshServer, sshSite, step } from '../fixes.ts';
import { type Cause, matchedGroup, shown } from './cause.ts';

const variables = ofSite('Compare the variables DB_*', 'env', 'list');
const again: readonly FixOf[] = [variables, deployFix('Then deploy again')];

/** The packages of the drivers of PHP. */
const DRIVERS: ReadonlyMap<string, string> = new Map([
  ['mysql', 'mysql'],
  ['mariadb', 'mysql'],
  ['pgsql', 'pgsql'],
  ['sqlite', 'sqlite3'],
]);

/** Databases and Redis that do not answer, or refuse. */
export const database: readonly Cause[] = [
  shown(
    'database_refused',
    'The database does not accept connections',
    90,
    [
      /SQLSTATE\[HY000\] \[2002\] (?:Connection refused|No such file or directory|Connection timed out|Operation timed out)/,
      /connection to server .*failed: (?:Connection refused|No such file or directory|Connection timed out)/,
      /Can't connect to (?:local )?(?:MySQL|MariaDB|server|local server)/i,
    ],
    [sshServer('See if it runs', 'systemctl', 'status', 'mysql', 'mariadb', 'postgresql'), variables],
  ),
  shown(
    'database_denied',
    'The database refuses the user or password',
    92,
    [
      /SQLSTATE\[HY000\] \[1045\] Access denied for user/,
      /SQLSTATE\[HY000\] \[(?:1044|1698)\] Access denied/,
      /^ERROR (?:1044|1045|1698) \(\w+\): Access denied/,
      /FATAL:\s+(?:Peer|Ident) authentication failed for user/,
      /FATAL:\s+role "[^"]+" does not exist/,
      /FATAL:\s+password authentication failed for user/,
    ],
    again,
  ),
  shown(
    'database_host_denied',
    'The database accepts no connections from this server',
    92,
    [
      /FATAL:\s+no pg_hba\.conf entry/,
      /\[1130\] Host '[^']+' is not allowed to connect/,
      /^ERROR 1130 \(\w+\): Host '[^']+' is not allowed/,
    ],
    ({ line }) => [
      step(`Allow the address in this line at the database${/no encryption/.test(line.text) ? ', or set DB_SSLMODE=require' : ''}`),
      ...again,
    ],
  ),
  shown(
    'database_privilege',
    'The user of the database lacks a privilege',
    91,
    [/SQLSTATE\[42501\]/, /SQLSTATE\[42000\].*\b1142 \w+ command denied to user/],
    [step('Grant it to the user of the site, as the owner of the database'), ...again],
  ),
  shown(
    'database_missing',
    (found) => `The database ${matchedGroup(found, '')} does not exist`,
    92,
    [
      /SQLSTATE\[HY000\] \[1049\] Unknown database '([^']+)'/,
      /^ERROR 1049 \(42000\): Unknown database '([^']+)'/,
      /FATAL:\s+database "([^"]+)" does not exist/,
    ],
    (found) => [ofServer('Create it', 'database', 'create', matchedGroup(found, 'NAME')), variables],
  ),
  shown(
    'database_host',
    'The host of the database cannot be found',
    92,
    [
      /SQLSTATE\[HY000\] \[2002\] php_network_getaddresses: getaddrinfo (?:for \S+ )?failed/,
      /could not translate host name "([^"]+)" to address/,
      /^ERROR 2005 \(HY000\): Unknown (?:MySQL |MariaDB )?server host/,
    ],
    again,
  ),
  shown(
    'database_connections',
    'The database has too many connections',
    90,
    [
      /\[1040\] Too many connections/,
      /FATAL:\s+sorry, too many clients already/,
      /FATAL:\s+remaining connection slots are reserved/,
      /\[1203\].*max_user_connections/,
    ],
    [ofSite('See the workers', 'queue', 'list'), deployFix('Try again')],
  ),
  shown(
    'database_driver',
    'PHP lacks the driver of the database',
    90,
    [/^(?!.*"message").*\bcould not find driver\b(?: \(Connection: | \(SQL: | in \/|\s*$)/],
    ({ facts, line }) => {
      const driver = DRIVERS.get(/Connection: (\w+)/.exec(line.text)?.[1] ?? '');
      const package_ = driver && `php${wordOf(facts.site.php_version)}-${driver}`;
      return package_ === undefined
        ? [variables, step('Install the extension for DB_CONNECTION on the server')]
        : [sshServer('Install it', 'sudo', 'apt-get', 'install', '-y', package_), deployFix()];
    },
  ),
  shown(
    'database_readonly',
    'The database may not be written',
    88,
    [
      /SQLSTATE\[HY000\]: General error: 8 attempt to write a readonly database/,
      /1290 The MySQL server is running with the --(?:super-)?read-only/,
      /SQLSTATE\[25006\]/,
    ],
    [sshSite('See who owns it', 'ls', '-l', 'database', 'storage'), variables],
  ),
  shown(
    'database_gone',
    'The database closed the connection',
    80,
    [/SQLSTATE\[HY000\].*2006 MySQL server has gone away/, /SQLSTATE\[HY000\].*server closed the connection unexpectedly/],
    [sshServer('See if it was restarted', 'systemctl', 'status', 'mysql', 'mariadb', 'postgresql'), deployFix('Try again')],
  ),
  shown(
    'redis_refused',
    'Redis does not accept connections',
    90,
    [
      /(?:RedisException|PhpRedisConnector\.php line \d+):? Connection refused/,
      /Connection refused \[tcp:\/\/[\w.]+:6379\]/,
      /Error while reading line from the server\. \[tcp:/,
    ],
    [sshServer('See if it runs', 'systemctl', 'status', 'redis-server'), ofSite('Compare the variables REDIS_*', 'env', 'list')],
  ),
  shown(
    'redis_readonly',
    'Redis accepts no writes',
    91,
    [/\bMISCONF\b.*(?:Redis|RDB)/, /READONLY You can't write against a read only replica/, /OOM command not allowed when used memory/],
    [sshServer('See why', 'journalctl', '-u', 'redis-server', '-n', '50'), sshServer('See the disk', 'df', '-h')],
  ),
  shown(
    'redis_auth',
    'Redis refuses the password',
    92,
    [/NOAUTH Authentication required/, /WRONGPASS invalid username-password pair/, /ERR AUTH .*without any password configured/],
    [ofSite('Compare REDIS_PASSWORD', 'env', 'list'), deployFix()],
  ),
];
