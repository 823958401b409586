import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILED, type Plant, slashed, stamp } from '../../support/why-bed.ts';

/** An incident that was collected without a look at the causes that dnx knows. Its output is that of the programs themselves. */
export interface Incident {
  readonly name: string;
  readonly state: Plant;
  /** Why, as a colleague would put it. */
  readonly truth: string;
  /** What a title or a fix says that names the cause. */
  readonly right: RegExp;
  /** Part of the line that shows it. */
  readonly shown: string;
}

const begun = `Deploying release ${FAILED}\nCloning into '/home/deploynix/shop/releases/${FAILED}'...\n`;
const cloned = `${begun}HEAD is now at b085a9d Queue the invoice mails\nLinking shared/.env\n`;
const composed = `${cloned}Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.
Package operations: 112 installs, 0 updates, 0 removals
Generating optimized autoload files
`;
const packed = `${composed}> npm ci\nadded 214 packages, and audited 215 packages in 1s\n`;
const built = `${packed}> vite build\nvite v7.1.12 building for production...\n✓ 61 modules transformed.\n✓ built in 612ms\n`;

const failed = (log: string): Plant => ({ files: { 'logs/deploy.log': log } });

/** An exception as Symfony's console writes it without a terminal, which it takes to be 80 columns wide. */
const thrown = (place: string, message: string): string => {
  const lines = message.split('\n').flatMap((line) => line.match(/.{1,75}/g) ?? ['']);
  const width = Math.max(...lines.map((line) => line.length));
  const empty = ' '.repeat(width + 4);
  return [`\nIn ${place}:`, empty, ...lines.map((line) => `  ${line.padEnd(width)}  `), empty, '', ''].join('\n');
};

/** A site that answers 500, and an entry of Laravel's log. */
const broken = (message: string, type: string, place: string): Plant => {
  const entry = () =>
    `[${stamp(60_000)}] production.ERROR: ${message} {"exception":"[object] (${type}(code: 0): ${message} at ${place})\n[stacktrace]\n#0 /home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Pipeline/Pipeline.php(183): Illuminate\\\\Pipeline\\\\Pipeline->Illuminate\\\\Pipeline\\\\{closure}()\n#1 {main}\n"}\n`;
  return { failed: false, status: 500, files: { 'shared/storage/logs/laravel.log': { content: entry, ago: 60_000 } } };
};

/** A site with this status, and a line in the error log of nginx. */
const served = (status: number, words: (domain: string) => string): Plant => ({
  failed: false,
  status,
  prepare(root) {
    const file = join(root, 'logs/nginx-error.log');
    mkdirSync(join(root, 'logs'), { recursive: true });
    writeFileSync(file, `${slashed(60_000)} [error] 1493#1493: *3 ${words(root.split('/').at(-1) ?? '')}\n`);
    utimesSync(file, new Date(), new Date());
  },
});

const fastcgi = (domain: string): string =>
  `client: 198.51.100.7, server: ${domain}, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "${domain}"`;

export const incidents: readonly Incident[] = [
  {
    // Git 2.47 and OpenSSH, against a host whose key was changed.
    name: 'the host key of the Git host changed',
    state: failed(`${begun}@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
SHA256:ZQZld1LKXSE7zv1s/Ks1ZDnyXmzKFpn4IvcgSeubtaQ.
Please contact your system administrator.
Add correct host key in /home/deploynix/.ssh/known_hosts to get rid of this message.
Offending ED25519 key in /home/deploynix/.ssh/known_hosts:1
  remove with:
  ssh-keygen -f '/home/deploynix/.ssh/known_hosts' -R 'github.com'
Host key for github.com has changed and you have requested strict checking.
Host key verification failed.
fatal: Could not read from remote repository.

Please make sure you have the correct access rights
and the repository exists.
`),
    truth: 'The host key of github.com is not the one in known_hosts of the server.',
    right: /host key/i,
    shown: 'Host key',
  },
  {
    // Git 2.47.
    name: 'the branch was deleted',
    state: failed(
      `${begun}warning: Could not find remote branch release to clone.\nfatal: Remote branch release not found in upstream origin\n`,
    ),
    truth: 'The branch that the site deploys does not exist in the repository.',
    right: /branch/i,
    shown: 'Remote branch release not found in upstream origin',
  },
  {
    // https://github.com/WordPress/wordcamp.org/issues/1016
    name: 'composer.json was changed without its lock file',
    state: failed(`${cloned}Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.
Warning: The lock file is not up to date with the latest changes in composer.json. You may be getting outdated dependencies. It is recommended that you run \`composer update\` or \`composer update <package name>\`.
- Required package "laravel/pulse" is not present in the lock file.
This usually happens when composer files are incorrectly merged or the composer.json file is manually edited.
Read more about correctly resolving merge conflicts https://getcomposer.org/doc/articles/resolving-merge-conflicts.md
and prefer using the "require" command over editing the composer.json file directly https://getcomposer.org/doc/03-cli.md#require-r
`),
    truth: 'composer.lock lacks a package that composer.json requires.',
    right: /composer\.lock|lock file/i,
    shown: 'not present in the lock file',
  },
  {
    // https://github.com/adavesik/compoviz/issues/6
    name: 'Node.js is too old for Vite',
    state: failed(`${packed}
> build
> vite build

You are using Node.js 18.20.8. Vite requires Node.js version 20.19+ or 22.12+. Please upgrade your Node.js version.
vite v7.3.0 building client environment for production...
transforming...
✓ 1826 modules transformed.
✗ Build failed in 3.27s
error during build:
[vite:worker-import-meta-url] crypto.hash is not a function
file: /home/deploynix/shop/releases/${FAILED}/resources/js/app.js
    at getHash (file:///home/deploynix/shop/releases/${FAILED}/node_modules/vite/dist/node/chunks/config.js:2444:19)
`),
    truth: 'The server has Node.js 18, and Vite 7 needs 20.19 or 22.12.',
    right: /node(\.js)?\b.*(version|old|18|upgrade|20)/i,
    shown: 'Node.js',
  },
  {
    // Vite 8.3 on Node.js 20, with the colors that it writes.
    name: 'a file is imported by a name in another case',
    state: failed(`${packed}
> build
> vite build

vite v8.3.8 building client environment for production...
transforming...
✓ 4 modules transformed.
✗ Build failed in 211ms
error during build:
Build failed with 1 error:

\x1b[31m[UNRESOLVED_IMPORT] \x1b[0mCould not resolve './components/Button.js' in resources/js/app.js
   \x1b[38;5;246m╭\x1b[0m\x1b[38;5;246m─\x1b[0m\x1b[38;5;246m[\x1b[0m resources/js/app.js:1:20 \x1b[38;5;246m]\x1b[0m
 \x1b[38;5;240m  │\x1b[0m                                ╰───────────── Module not found.
\x1b[38;5;246m───╯\x1b[0m

    at aggregateBindingErrorsIntoJsError (file:///home/deploynix/shop/releases/${FAILED}/node_modules/rolldown/dist/shared/error-CLo6EJKG.mjs:50:18)
`),
    truth: 'app.js imports ./components/Button.js, and no file has that name.',
    right: /(import|resolve|module).*(Button|file|case|exist|resolve)|Button/i,
    shown: "Could not resolve './components/Button.js'",
  },
  {
    // Node.js 20 with --max-old-space-size=64, cut.
    name: 'the build needs more memory than Node.js takes',
    state: failed(`${packed}
> build
> vite build

vite v8.3.8 building client environment for production...

<--- Last few GCs --->
[552:0x2b080ce0]     1773 ms: Mark-Compact (reduce) 68.7 (70.4) -> 63.5 (66.0) MB, 47.83 / 0.01 ms  (+ 7.6 ms in 7 steps since start of marking, biggest step 6.9 ms, walltime since start of marking 109 ms) (average mu = 0.603, current mu = 0.615) allocation failure;

<--- JS stacktrace --->

FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0xb72890 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]
 2: 0x1217990 v8::Utils::ReportOOMFailure(v8::internal::Isolate*, char const*, v8::OOMDetails const&) [node]
13: 0x1ccc476  [node]
Aborted
`),
    truth: 'Node.js ran into the limit of its heap.',
    right: /memory|heap/i,
    shown: 'JavaScript heap out of memory',
  },
  {
    // MariaDB 11.8; the frame is that of Laravel 12.
    name: 'a unique index over rows that are not unique',
    state: failed(
      `${built}\n   INFO  Running migrations.  \n\n  2026_11_24_090000_add_unique_email_to_users .................... 18.21ms FAIL\n${thrown(
        'Connection.php line 824',
        "SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'anna@example.com' for key 'users_email_unique' (Connection: mysql, SQL: alter table `users` add unique `users_email_unique`(`email`))",
      )}`,
    ),
    truth: 'The migration adds a unique index, and two users have the same email.',
    right: /duplicate|unique/i,
    shown: '1062 Duplicate entry',
  },
  {
    // MariaDB 11.8, with a transaction that is left open.
    name: 'a migration waits for a lock',
    state: failed(
      `${built}\n   INFO  Running migrations.  \n\n  2026_11_24_090000_add_phone_to_users ............................... 50s FAIL\n${thrown(
        'Connection.php line 824',
        'SQLSTATE[HY000]: General error: 1205 Lock wait timeout exceeded; try restarting transaction (Connection: mysql, SQL: alter table `users` add `phone` varchar(20) null)',
      )}`,
    ),
    truth: 'Another session holds a lock on the table.',
    right: /lock/i,
    shown: '1205 Lock wait timeout exceeded',
  },
  {
    // PostgreSQL 15, which no longer lets everybody create in the schema public.
    name: 'the user of the database may not create tables',
    state: failed(
      `${built}\n   INFO  Preparing database.  \n\n  Creating migration table ........................................ 9.12ms FAIL\n${thrown(
        'Connection.php line 824',
        'SQLSTATE[42501]: Insufficient privilege: 7 ERROR:  permission denied for schema public\nLINE 1: create table "migrations" ("id" serial not null primary key,...\n                     ^ (Connection: pgsql, SQL: create table "migrations" ("id" serial not null primary key, "migration" varchar(255) not null, "batch" integer not null))',
      )}`,
    ),
    truth: 'The role of the site has no CREATE on the schema public.',
    right: /schema|privilege|grant|(may|not allowed).*(creat|tabl)/i,
    shown: 'permission denied for schema public',
  },
  {
    // Laravel 12, ConfirmableTrait without a terminal.
    name: 'migrate asks before it runs in production',
    state: failed(
      `${built}\n                             APPLICATION IN PRODUCTION.                             \n\n ┌ Are you sure you want to run this command? ──────────────────┐\n │ No                                                           │\n └──────────────────────────────────────────────────────────────┘\n\n   WARN  Command cancelled.  \n\n`,
    ),
    truth: 'The deploy script runs migrate without --force.',
    right: /--force/,
    shown: 'Command cancelled',
  },
  {
    // https://github.com/nafiesl/silsilah/issues/77
    name: 'two routes have one name',
    state: failed(
      `${built}\n   INFO  Caching framework bootstrap, configuration, and metadata.  \n\n  config ......................................................... 31.11ms DONE\n  routes ......................................................... 42.80ms FAIL\n${thrown(
        'AbstractRouteCollection.php line 217',
        'Unable to prepare route [password/change] for serialization. Another route has already been assigned name [password.change].',
      )}`,
    ),
    truth: 'Two routes are named password.change, so the routes cannot be cached.',
    right: /route/i,
    shown: 'Unable to prepare route',
  },
  {
    // https://github.com/SpicyPizza/create-envfile/issues/181
    name: 'a value with a space in .env has no quotes',
    state: failed(
      `${composed}> Illuminate\\Foundation\\ComposerScripts::postAutoloadDump\n> @php artisan package:discover --ansi\nThe environment file is invalid!\nFailed to parse dotenv file. Encountered unexpected whitespace at [Example Shop].\nScript @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1\n`,
    ),
    truth: '.env has a value with a space and no quotes.',
    right: /\.env|environment file|dotenv/i,
    shown: 'environment file is invalid',
  },
  {
    // Redis 8 with `maxmemory 2mb`, and php-redis 6.
    name: 'Redis has no memory left',
    state: broken(
      "OOM command not allowed when used memory > 'maxmemory'.",
      'RedisException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Redis/Connections/PhpRedisConnection.php:77',
    ),
    truth: 'Redis reached maxmemory and evicts nothing.',
    right: /redis.*(memory|full)|maxmemory/i,
    shown: 'OOM command not allowed',
  },
  {
    // Redis 8, whose directory went away, and php-redis 6.
    name: 'Redis cannot save its snapshot',
    state: broken(
      "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
      'RedisException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Redis/Connections/PhpRedisConnection.php:77',
    ),
    truth: 'Redis refuses writes, because it cannot write its snapshot to the disk.',
    right: /redis.*(snapshot|save|disk|persist|write)/i,
    shown: 'MISCONF',
  },
  {
    // MariaDB 11.8 with `max_connections = 10`, as PDO reports it.
    name: 'the database has no connection left',
    state: broken(
      'SQLSTATE[HY000] [1040] Too many connections (Connection: mysql, SQL: select * from `sessions` where `id` = 4kD1 limit 1)',
      'Illuminate\\\\Database\\\\QueryException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Database/Connection.php:824',
    ),
    truth: 'All connections of the database are in use.',
    right: /connections/i,
    shown: '[1040] Too many connections',
  },
  {
    // PHP 8.4 with php-redis 6.
    name: 'the host of Redis does not resolve',
    state: broken(
      'php_network_getaddresses: getaddrinfo for redis.internal failed: Name or service not known',
      'RedisException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Redis/Connectors/PhpRedisConnector.php:168',
    ),
    truth: 'The name redis.internal does not resolve on the server.',
    right: /resolve|DNS|REDIS_HOST|host ?name|name.*not (known|found)/i,
    shown: 'getaddrinfo for redis.internal failed',
  },
  {
    // PHP 8.4 on a file system that is mounted read-only.
    name: 'the file system is read-only',
    state: broken(
      'file_put_contents(/home/deploynix/shop/current/storage/framework/sessions/Yk2rX0): Failed to open stream: Read-only file system',
      'ErrorException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Filesystem/Filesystem.php:204',
    ),
    truth: 'The disk is mounted read-only, usually after an error of the disk.',
    right: /read-only/i,
    shown: 'Read-only file system',
  },
  {
    // https://github.com/HDInnovations/UNIT3D/issues/1607
    name: 'APP_KEY is not the one that the data was encrypted with',
    state: broken(
      'The MAC is invalid.',
      'Illuminate\\\\Contracts\\\\Encryption\\\\DecryptException',
      '/home/deploynix/shop/current/vendor/laravel/framework/src/Illuminate/Encryption/Encrypter.php:199',
    ),
    truth: 'APP_KEY changed, so stored values cannot be decrypted.',
    right: /APP_KEY/,
    shown: 'The MAC is invalid',
  },
  {
    // nginx 1.26 and PHP-FPM 8.4, with a cookie of 9 kB.
    name: 'the headers of a response are larger than the buffer of nginx',
    state: served(502, (domain) => `upstream sent too big header while reading response header from upstream, ${fastcgi(domain)}`),
    truth: 'The response has more headers than fastcgi_buffer_size holds.',
    right: /header|fastcgi_buffer/i,
    shown: 'too big header',
  },
  {
    // nginx 1.26 and PHP-FPM 8.4, with a script that sleeps.
    name: 'PHP takes longer than nginx waits',
    state: served(
      504,
      (domain) => `upstream timed out (110: Connection timed out) while reading response header from upstream, ${fastcgi(domain)}`,
    ),
    truth: 'A request takes longer than fastcgi_read_timeout.',
    right: /time ?out|timed out|slow|too long|took longer|takes longer/i,
    shown: 'upstream timed out',
  },
];
