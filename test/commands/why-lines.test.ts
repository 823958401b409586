import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterAll(() => bed.close());

/** What dnx says of a log on stdin. */
async function judged(log: string): Promise<Diagnosis> {
  const run = await bed.dnx(
    `why ${seeded.sites['api.example.com']} --server ${seeded.servers['web-2']} --url ${bed.sandbox.url} --log - --json`,
    {
      stdin: log,
    },
  );
  expect(run.code, run.stderr).toBe(0);
  return run.json<Diagnosis>();
}

// As Composer, Git, npm, Node, PHP, nginx, MariaDB, bash, dash and GNU programs print them.
const lines: readonly (readonly [cause: string, line: string])[] = [
  [
    'composer_platform',
    '    - symfony/console[v8.0.0, ..., v8.0.1] require php >=8.4 -> your php version (8.3.14; overridden via config.platform, actual: 8.4.1) does not satisfy that requirement.',
  ],
  ['composer_auth', "The 'https://composer.fluxui.dev/packages.json' URL required authentication (HTTP 401)."],
  ['composer_json', '"./composer.json" does not contain valid JSON'],
  [
    'migration_key_length',
    '  SQLSTATE[42000]: Syntax error or access violation: 1071 Specified key was too long; max key length is 767 bytes (Connection: mysql, SQL: alter table `users` add unique `users_email_unique`(`email`))',
  ],
  [
    'migration_lock',
    '  SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded; try restarting transaction (Connection: mysql, SQL: alter table `orders` add `vat` int null)',
  ],
  [
    'migration_missing_column',
    "  SQLSTATE[42S22]: Column not found: 1054 Unknown column 'vat' in 'field list' (Connection: mysql, SQL: select `vat` from `orders`)",
  ],
  ['migration_missing_table', '  SQLSTATE[HY000]: General error: 1 no such table: cache (Connection: sqlite, SQL: delete from "cache")'],
  ['migration_failed', '  2026_11_20_120000_add_vat_to_orders ................................ 14.61ms FAIL'],
  ['database_driver', 'PDOException: could not find driver'],
  [
    'database_host',
    '  SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for db-1 failed: Name or service not known (Connection: mysql, SQL: select 1)',
  ],
  ['database_connections', '  SQLSTATE[08004] [1040] Too many connections (Connection: mysql, SQL: select 1)'],
  ['database_missing', "  SQLSTATE[HY000] [1049] Unknown database 'shop' (Connection: mysql, SQL: select 1)"],
  ['database_gone', 'SQLSTATE[HY000]: General error: 2006 MySQL server has gone away'],
  ['redis_auth', 'NOAUTH Authentication required.'],
  ['npm_network', 'npm error code ECONNREFUSED'],
  ['npm_auth', 'npm error code E401'],
  ['npm_missing_package', "npm error 404  '@example/ui@^2.0.0' is not in this registry."],
  ['npm_missing_package', 'npm error 404 Not Found - GET https://npm.example.com/nope-tool'],
  ['npm_memory', 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'],
  ['node_version', 'npm error code EBADENGINE'],
  ['assets_failed', 'error during build:'],
  ['disk_full', "dd: error writing 'x': No space left on device"],
  ['disk_full', 'Error: ENOSPC: no space left on device, write'],
  ['disk_full', "fatal: cannot copy '/usr/share/git-core/templates/description' to '/srv/.git/description': No space left on device"],
  ['disk_full', 'deploy.sh: line 3: echo: write error: No space left on device'],
  [
    'disk_full',
    'PHP Notice:  file_put_contents(): Write of 9999 bytes failed with errno=28 No space left on device in Command line code on line 1',
  ],
  ['memory_full', 'proc_open(): fork failed - Cannot allocate memory'],
  [
    'php_memory',
    'PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /srv/vendor/x.php on line 5',
  ],
  ['killed', 'bash: line 1: 11088 Killed                  npm run build'],
  ['permissions', 'mkdir: cannot create directory ‘/x’: Permission denied'],
  ['permissions', 'PHP Warning:  file_put_contents(/srv/x): Failed to open stream: Permission denied in Command line code on line 1'],
  ['permissions', 'sh: 1: cannot create /srv/x: Permission denied'],
  [
    'vendor_missing',
    "PHP Fatal error:  Uncaught Error: Failed opening required '/srv/vendor/autoload.php' (include_path='.:/usr/share/php') in /srv/artisan:9",
  ],
  ['views_path', 'Please provide a valid cache path.'],
  ['env_missing', 'One or more environment variables failed assertions: STRIPE_KEY is missing.'],
  [
    'env_key_invalid',
    'Unsupported cipher or incorrect key length. Supported ciphers are: aes-128-cbc, aes-256-cbc, aes-128-gcm, aes-256-gcm.',
  ],
  ['git_access', "fatal: Authentication failed for 'https://github.com/example/shop.git/'"],
  ['git_branch', "fatal: couldn't find remote ref nope"],
  ['git_diverged', 'fatal: Not possible to fast-forward, aborting.'],
  ['git_ownership', "fatal: detected dubious ownership in repository at '/srv/shop'"],
  ['git_host_key', 'Host key verification failed.'],
  ['git_network', 'ssh: Could not resolve hostname github.com: Temporary failure in name resolution'],
  ['php_syntax', "PHP Parse error:  Unclosed '(' on line 1 in /srv/x.php on line 2"],
  ['php_extension', 'PHP Fatal error:  Uncaught Error: Call to undefined function imagecreatetruecolor() in /srv/x.php:1'],
  ['php_extension', 'PHP Fatal error:  Uncaught Error: Class "Redis" not found in /srv/x.php:1'],
  ['assets_types', "resources/js/cart.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'."],
  ['assets_types', "resources/js/Pages/Cart.vue:3:7 - error TS2304: Cannot find name 'total'."],
  ['git_detached', 'You are not currently on a branch.'],
  ['exception', 'PHP Fatal error:  Uncaught RuntimeException: The flux capacitor is not charged in /srv/shop/app/Flux.php:12'],
  ['composer_json', '  "./composer.lock" does not contain valid JSON'],
  ['composer_script', 'Script @php warm.php handling the post-autoload-dump event returned with error code 1'],
  ['script_path', 'Could not open input file: nope.php'],
  ['script_path', 'deploy.sh: line 2: cd: /home/deploynix/shop.example.com/curent: No such file or directory'],
  ['script_variable', 'deploy.sh: line 3: RELEASE_DIR: unbound variable'],
  ['git_locked', "fatal: Unable to create '/srv/shop/.git/index.lock': File exists."],
  ['git_diverged', 'error: Pulling is not possible because you have unmerged files.'],
  ['git_access', "fatal: repository '/srv/gone.git' does not exist"],
  ['git_corrupt', 'error: object file .git/objects/d0/0491fd7e5bb6fa28c517a0bb32b8b506539d4d is empty'],
  ['port_in_use', '2026/11/29 06:19:13 [emerg] 26188#26188: bind() to 127.0.0.1:8898 failed (98: Address already in use)'],
  ['port_in_use', 'Error: listen EADDRINUSE: address already in use :::8896'],
  ['php_fatal', 'Fatal error: Cannot redeclare function money() (previously declared in /srv/a.php:3) in /srv/helpers.php on line 2'],
  ['vite_import', "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'vite' imported from /srv/vite.config.mjs"],
  ['vite_import', "[UNRESOLVED_IMPORT] Could not resolve './Lib/cart.js' in src/app.js"],
  ['npm_package_json', 'npm error code EJSONPARSE'],
  ['js_syntax', "SyntaxError: Unexpected token '}'"],
  ['archive_invalid', 'gzip: stdin: not in gzip format'],
  ['redis_readonly', "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."],
  ['database_denied', "SQLSTATE[HY000] [1698] Access denied for user 'root'@'localhost' (Connection: mysql, SQL: select 1)"],
  ['database_denied', "ERROR 1045 (28000): Access denied for user 'shop'@'localhost' (using password: YES)"],
  ['database_host', "ERROR 2005 (HY000): Unknown server host 'db.invalid' (-2)"],
  ['route_missing', 'Route [invoices.show] not defined.'],
  ['view_missing', 'View [mail.invoice] not found. (View: /srv/resources/views/invoice.blade.php)'],
  ['php_undefined', '  Call to undefined method App\\Models\\Order::totals()'],
  ['time_limit', '  Maximum execution time of 60 seconds exceeded'],
  ['env_file_missing', "cp: cannot stat '/home/deploynix/shop.example.com/shared/.env': No such file or directory"],
  [
    'database_readonly',
    '  SQLSTATE[HY000]: General error: 8 attempt to write a readonly database (Connection: sqlite, SQL: insert into "jobs" ("queue") values (default))',
  ],
  ['command_missing', 'deploy.sh: line 1: pnpm: command not found'],
  ['command_missing', 'sh: 1: vite: not found'],
  ['command_missing', 'git-lfs filter-process: 1: git-lfs: not found'],
  ['command_missing', 'env: ‘node’: No such file or directory'],
  ['script_windows', "deploy.sh: line 2: cd: $'/home/deploynix\\r': No such file or directory"],
  ['script_windows', "deploy.sh: line 1: $'\\r': command not found"],
  ['script_windows', 'bash: ./deploy.sh: /bin/bash^M: bad interpreter: No such file or directory'],
  ['script_windows', 'env: ‘bash\\r’: No such file or directory'],
  ['supervisor_program', 'shop-queue: ERROR (no such group)'],
  ['supervisor_down', 'unix:///var/run/supervisor.sock no such file'],
  ['git_submodule', "fatal: clone of 'git@github.com:acme/theme.git' into submodule path '/srv/shop/packages/theme' failed"],
  ['git_submodule', "fatal: No url found for submodule path 'packages/theme' in .gitmodules"],
  ['npm_missing_package', 'npm error notarget No matching version found for nanoid@^98.0.0.'],
  [
    'composer_old',
    '    - laravel/framework v12.38.1 requires composer-runtime-api ^2.2 -> found composer-runtime-api[2.1.0] but it does not match the constraint.',
  ],
  ['npm_leftover', 'npm error code ENOTEMPTY'],
  ['nginx_connections', '2026/11/29 07:42:03 [alert] 812#812: 768 worker_connections are not enough'],
  ['npm_platform', "You installed esbuild for another platform than the one you're currently using."],
  ['npm_platform', "Error: Cannot find module '../lightningcss.linux-x64-gnu.node'"],
  ['node_openssl', 'Error: error:0308010C:digital envelope routines::unsupported'],
  ['corepack_key', 'Error: Cannot find matching keyid: {"signatures":[],"keys":[]}'],
  [
    'composer_missing_package',
    '    - Root composer.json requires acme/billing ^2.0, it could not be found in any version, there may be a typo in the package name.',
  ],
  ['command_option', '  The "--graceful" option does not exist.  '],
  ['config_closure', '  Your configuration files are not serializable.  '],
  ['config_closure', '  Your configuration files could not be serialized because the value at "app.hook" is non-serializable.'],
  ['database_host_denied', "  SQLSTATE[HY000] [1130] Host '10.0.0.7' is not allowed to connect to this MySQL server"],
  [
    'database_host_denied',
    '  SQLSTATE[08006] [7] connection to server at "10.0.0.5", port 5432 failed: FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "shop", database "shop", no encryption',
  ],
  [
    'database_privilege',
    "  SQLSTATE[42000]: Syntax error or access violation: 1142 ALTER command denied to user 'shop'@'localhost' for table 'orders'",
  ],
  [
    'migration_primary_key',
    "  SQLSTATE[HY000]: General error: 3750 Unable to create or change a table without a primary key, when the system variable 'sql_require_primary_key' is set.",
  ],
  [
    'env_key_changed',
    '[2026-11-25 03:10:05] production.ERROR: The MAC is invalid. {"exception":"[object] (Illuminate\\\\Contracts\\\\Encryption\\\\DecryptException(code: 0): The MAC is invalid. at /srv/vendor/x.php:221)',
  ],
  ['passport_keys', 'LogicException: Key path "file:///srv/shop/storage/oauth-private.key" does not exist or is not readable'],
  ['script_syntax', "bash: line 3: syntax error near unexpected token `then'"],
  [
    'sudo_password',
    'sudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper',
  ],
  ['script_timeout', "The process \"'/usr/bin/php8.3' 'artisan' 'migrate'\" exceeded the timeout of 300 seconds."],
  ['nginx_config', '2026/11/26 03:17:15 [emerg] 11151#11151: unknown directive "nonsense" in /etc/nginx/sites-enabled/shop:2'],
];

test('a script of Node that stops is named with its error', async () => {
  const { cause, evidence } = await judged(
    'throw new Error("x");\n      ^\n\nError: Missing VITE_API_URL\n    at file:///srv/build.mjs:1:7\n\nNode.js v20.20.2\n',
  );
  expect([cause, evidence.map(({ line }) => line)]).toEqual(['node_exception', ['Error: Missing VITE_API_URL']]);
});

test.each([
  [
    'npm run build, with the reason that Vite gives',
    [
      '✗ Build failed in 623ms',
      'error during build:',
      '[vite:css] [sass] Undefined mixin.',
      '  ╷',
      '2 │ .card { @include rounded(4px); }',
      '  ╵',
      'file: /srv/shop/resources/css/app.scss',
      '    at Object.wrapException (/srv/shop/node_modules/sass/sass.dart.js:2353:47)',
      'npm error Lifecycle script `build` failed with error:',
    ],
    'assets_failed',
    ['[vite:css] [sass] Undefined mixin.', 'file: /srv/shop/resources/css/app.scss'],
  ],
  [
    'Vite 8, with the file and the reason',
    [
      '✗ Build failed in 1.41s',
      'error during build:',
      'Build failed with 1 error:',
      '',
      '[plugin @tailwindcss/vite:generate:build] /srv/shop/resources/css/app.css',
      'Error: Cannot apply unknown utility class `bg-brand`',
      '    at onInvalidCandidate (file:///srv/shop/node_modules/tailwindcss/dist/lib.mjs:21:1867)',
    ],
    'assets_failed',
    ['[plugin @tailwindcss/vite:generate:build] /srv/shop/resources/css/app.css', 'Error: Cannot apply unknown utility class `bg-brand`'],
  ],
  [
    'Vite 8, with the place that Rolldown draws',
    [
      'error during build:',
      'Build failed with 1 error:',
      '',
      '[MISSING_EXPORT] "price" is not exported by "resources/js/format.js".',
      '   ╭─[ resources/js/app.js:1:10 ]',
      '   │',
      " 1 │ import { price } from './format.js'; console.log(price)",
      '───╯',
    ],
    'assets_failed',
    ['[MISSING_EXPORT] "price" is not exported by "resources/js/format.js".', '╭─[ resources/js/app.js:1:10 ]'],
  ],
  [
    'Artisan, with a message that Symfony broke at the width of the terminal',
    [
      'In AbstractRouteCollection.php line 247:',
      '                                                                               ',
      '  Unable to prepare route [admin/orders] for serialization. Another route has  ',
      '   already been assigned name [orders.index].                                  ',
      '                                                                               ',
    ],
    'route_name',
    ['Unable to prepare route [admin/orders] for serialization. Another route has already been assigned name [orders.index].'],
  ],
  [
    'Artisan, with a message that Symfony broke at a space',
    [
      'In Connection.php line 587:',
      '                                                                              ',
      '  SQLSTATE[42804]: Datatype mismatch: 7 ERROR:  column "name" cannot be cast   ',
      '  automatically to type integer                                                ',
    ],
    'command_exception',
    ['SQLSTATE[42804]: Datatype mismatch: 7 ERROR:  column "name" cannot be cast automatically to type integer'],
  ],
  [
    'Composer, with a message of several lines that Symfony broke',
    [
      'In PluginManager.php line 787:',
      '  acme/plug contains a Composer plugin which is blocked by your allow-plugins  ',
      '   config. You may add it to the list if you consider it safe.                 ',
      '  See https://getcomposer.org/allow-plugins                                    ',
    ],
    'composer_plugin',
    [
      'acme/plug contains a Composer plugin which is blocked by your allow-plugins config. You may add it to the list if you consider it safe. See https://getcomposer.org/allow-plugins',
    ],
  ],
])('quotes what fails of %s', async (_, lines, cause, quoted) => {
  const found = await judged(`${lines.join('\n')}\n`);
  expect([found.cause, found.evidence.map(({ line }) => line)]).toEqual([cause, quoted]);
});

test.each([
  ['sh: 1: vite: not found', 'Install the devDependencies in the deploy script: npm ci --include=dev'],
  ['sh: 1: pnpm: not found', 'Look for it'],
])('says what installs the command of %s', async (line, why) => {
  const { fixes } = await judged(`${line}\n`);
  expect(fixes[0]?.why).toBe(why);
});

describe('a line of a log shows', () => {
  test.each(lines)('%s: %s', async (cause, line) => {
    const found = await judged(`Starting\n${line}\n`);
    expect(found.cause).toBe(cause);
    expect(found.evidence[0]?.line_number).toBe(2);
  });
});

test.each([
  ['the message of a commit', 'HEAD is now at b085a9d Fix JavaScript heap out of memory'],
  ['a short log of commits', 'b085a9d Handle "No application encryption key has been specified."'],
  ['a warning of npm', 'npm warn EBADENGINE Unsupported engine {'],
  [
    'a package that Composer downloads from elsewhere',
    '    Failed to download laravel/pint from dist: The zip archive could not be created',
  ],
  [
    'a request that another service refuses',
    'Illuminate\\Http\\Client\\ConnectionException: cURL error 7: Failed to connect to 127.0.0.1 port 443: Connection refused',
  ],
  ['advice', "hint: Diverging branches can't be fast-forwarded, you need to either:"],
  ['a test that passed', '  ✓ it says that the disk is full: No space left on device'],
  ['a success', '  2026_11_20_120000_add_fail_to_orders ............................... 14.61ms DONE'],
])('%s is no cause', async (_, line) => {
  const found = await judged(`${line}\nExit status 3\n`);
  expect([found.outcome, found.cause]).toEqual(['unknown', null]);
});

test.each([
  'dsn mysql://shop:s3cr3tpw@10.0.0.4:3306/shop',
  'redis://:s3cr3tpw@127.0.0.1:6379/0',
  'https://s3cr3tpw0123@o1.ingest.sentry.io/2',
  'curl -H "Authorization: Bearer s3cr3tpw123" https://example.com',
  'curl -u admin:s3cr3tpw https://example.com',
  'Cookie: laravel_session=s3cr3tpw',
  'laravel_session=eyJpdiI6Ims3cr3tpwxxxxxxxxxxxx%3D',
  'aws_secret_access_key = s3cr3tpw/abc+def',
  'AKIA5S3CR3TPW0000000',
  'base64:s3cr3tpwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
  'APP_KEY=s3cr3tpw',
  'export STRIPE_SECRET="s3cr3tpw with space"',
  'mysql -u shop -ps3cr3tpw shop',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyM3Rwdyj9.s3cr3tpwSIGNATURE',
  '//registry.example.com/:_authToken=s3cr3tpw-aaaa',
  '{"username":"ada","password":"s3cr3tpw"}',
  'GET https://example.com/cb?code=1&access_token=s3cr3tpw&x=1',
  "create user 'shop' identified by 's3cr3tpw'",
  "alter role shop with password 's3cr3tpw'",
  'https://hooks.slack.com/services/T000/B000/s3cr3tpw',
  "PDO->__construct('mysql:host=127.0.0.1', 'shop', 's3cr3tpw', Array)",
])('%s is shown without the secret', async (line) => {
  const { evidence } = await judged(`error: ${line}\n`);
  expect(evidence[0]?.line).toContain('***');
  expect(JSON.stringify(evidence)).not.toMatch(/s3cr3tpw/i);
});

test('the most specific cause counts, not the first or the last', async () => {
  const log = [
    '    - Root composer.json requires php ^8.4 but your php version (8.3.14) does not satisfy that requirement.',
    "PHP Fatal error:  Uncaught Error: Failed opening required '/srv/vendor/autoload.php' (include_path='.:/usr/share/php') in /srv/artisan:9",
    'npm error code ERESOLVE',
    'fatal: something else',
  ];
  for (const each of [log, [...log].reverse()]) expect((await judged(each.join('\n'))).cause).toBe('composer_platform');
});

test('a log that the user gives is judged also if nothing else is wrong', async () => {
  const run = await bed.dnx(`why ${seeded.sites['blog.example.com']} --server web-1 --url ${bed.sandbox.url} --log - --json`, {
    stdin: 'npm error code ERESOLVE\n',
  });
  expect(run.json<Diagnosis>()).toMatchObject({ outcome: 'known', cause: 'npm_conflict', subject: 'site' });
});
