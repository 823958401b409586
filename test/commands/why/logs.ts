import { FAILED } from '../../support/why-bed.ts';

/** The start of a deployment. */
const start = `Deploying release ${FAILED}
Cloning into '/home/deploynix/shop.example.com/releases/${FAILED}'...
HEAD is now at b085a9d Queue the invoice mails
`;
/** Composer that succeeds. */
const composer = `Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.
Package operations: 3 installs, 0 updates, 0 removals
  - Downloading laravel/framework (v12.38.1)
  - Installing symfony/error-handler (v7.3.4): Extracting archive
  - Installing nunomaduro/collision (v8.8.2): Extracting archive
  - Installing laravel/framework (v12.38.1): Extracting archive
Package swiftmailer/swiftmailer is abandoned, you should avoid using it. Use symfony/mailer instead.
Generating optimized autoload files
Class App\\Support\\helpers located in ./app/Support/helper.php does not comply with psr-4 autoloading standard (rule: App\\ => ./app). Skipping.
> Illuminate\\Foundation\\ComposerScripts::postAutoloadDump
> @php artisan package:discover --ansi

   INFO  Discovering packages.  

  laravel/sanctum ....................................................... DONE
  nunomaduro/collision .................................................. DONE

84 packages you are using are looking for funding.
Use the \`composer fund\` command to find out more!
`;
/** npm and Vite that succeed, with warnings. */
const npm = `npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory. Do not use it.
npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported
npm warn EBADENGINE Unsupported engine {
npm warn EBADENGINE   package: 'vite@7.1.2',
npm warn EBADENGINE   required: { node: '^20.19.0 || >=22.12.0' },
npm warn EBADENGINE   current: { node: 'v20.18.1', npm: '10.8.2' }
npm warn EBADENGINE }

added 312 packages, and audited 313 packages in 9s

2 moderate severity vulnerabilities

Run \`npm audit\` for details.

> build
> vite build

vite v6.3.5 building for production...
transforming...
✓ 512 modules transformed.
(!) Some chunks are larger than 500 kB after minification. Consider:
- Using dynamic import() to code-split the application
✓ built in 3.21s
`;
/** Artisan that succeeds. */
const artisan = `
   INFO  Caching framework bootstrap, configuration, and metadata.  

  config ......................................................... 14.51ms DONE
  events .......................................................... 1.29ms DONE
  routes ......................................................... 18.18ms DONE
  views ......................................................... 104.78ms DONE

`;
/** Composer that gets past this. */
const retried = (text: string): string => composer.replace('Package operations', () => `${text}\nPackage operations`);
/** All of it. */
const good = start + composer + npm + artisan;
const end = `Deployment failed. Exit code: 1\n`;

/** A deployment that failed. */
const log = (text: string): string => `${text}${end}`;

/** Deployments that fail for what dnx does not know, with words of causes that it knows. */
export const unknown: readonly (readonly [name: string, log: string])[] = [
  [
    'a download that Composer tried again',
    log(`${start}Package operations: 112 installs, 0 updates, 0 removals
  - Downloading laravel/framework (v12.38.1)
    Failed to download laravel/framework from dist: curl error 56 while downloading https://api.github.com/repos/laravel/framework/zipball/abc: OpenSSL SSL_read: Connection reset by peer, errno 104
    Now trying to download from source
  - Syncing laravel/framework (v12.38.1) into cache
${composer}${npm}Error: widget registry is empty\n`),
  ],
  [
    'names of migrations that succeeded',
    log(`${good}
   INFO  Running migrations.  

  2026_11_25_080000_create_disk_full_table ...................... 12.51ms DONE
  2026_11_25_080001_add_permission_denied_to_users_table ......... 3.11ms DONE
  2026_11_25_080002_create_out_of_memory_events_table ............ 4.02ms DONE

Error: seeding step 4 failed
`),
  ],
  [
    'a maintenance mode that ended',
    log(`${good}
   INFO  Application is now in maintenance mode.  

   INFO  Nothing to migrate.  

   INFO  Application is now live.  

hook "notify" exited with code 1
`),
  ],
  [
    'names of changed files',
    log(
      `${start.replace(
        'HEAD is',
        `Updating 90c27bf..b085a9d
Fast-forward
 lang/en/errors.php                                       |  2 ++
 database/migrations/2026_create_connection_refused.php   | 12 ++++
 app/Exceptions/NoSpaceLeftOnDevice.php | 4 ++
 create mode 100644 resources/views/errors/php-8.2-is-too-old.blade.php
HEAD is`,
      )}${composer}${npm}fatal: widget registry is empty\n`,
    ),
  ],
  [
    'the subject of a commit',
    log(
      `${start.replace('Queue the invoice mails', 'Fix SQLSTATE[HY000] [2002] Connection refused on deploy')}${composer}${npm}Error: widget registry is empty\n`,
    ),
  ],
  ['a deployment that was cancelled', log(`${start}${composer}Deployment cancelled by maria@example.org\n`)],
  [
    "Composer's advice about a token, which it did without",
    log(
      `${start}${retried('GitHub API limit (60 calls/hr) is exhausted, could not fetch https://api.github.com/repos/acme/money/contents/composer.json?ref=main. Create a GitHub OAuth token to go over the API rate limit. You can also wait until 2026-11-25 03:40:12 for the rate limit to reset.')}${npm}`,
    ),
  ],
  [
    'an archive of GitHub, which Composer replaced by a clone',
    log(
      `${start}${retried(`    Failed to download acme/money from dist: The "https://api.github.com/repos/acme/money/zipball/0a1b2c" file could not be downloaded (HTTP/2 404 )
    Now trying to download from source
  - Syncing acme/money (1.2.0) into cache`)}${npm}`,
    ),
  ],
  [
    'a compatible set of packages that Composer found at last',
    log(`${start}${retried('Your lock file does not contain a compatible set of packages. Please run composer update.')}${npm}`),
  ],
  [
    'files of Git LFS, in a script that does without',
    log(`${start}Error downloading object: public/hero.jpg (0a1b2c): Smudge error: Error downloading public/hero.jpg (0a1b2c): batch response: Rate limit exceeded
error: external filter 'git-lfs filter-process' failed
fatal: public/hero.jpg: smudge filter lfs failed
Trying again with GIT_LFS_SKIP_SMUDGE=1
${composer}${npm}`),
  ],
  [
    'an index of a migration that was rolled back',
    log(`${good}
  2026_11_20_120000_add_index_to_orders ......................... 3.11ms FAIL

   Illuminate\\Database\\QueryException 

  SQLSTATE[42000]: Syntax error or access violation: 1061 Duplicate key name 'orders_number_index' (Connection: mysql, SQL: alter table \`orders\` add index \`orders_number_index\`(\`number\`))

   INFO  Rolling back migrations.  

  2026_11_20_120000_add_index_to_orders ........................ 14.61ms DONE

`),
  ],
  ['an extension of PHP that a program does without', log(`${good}PHP extension "imagick" is not available, falling back to gd\n`)],
  ['what another builder calls an error', log(`${good}[build] ERROR: [resources/js/app.ts:13] legacy import\n`)],
  ['a switch of the kernel', log(`${good}tee: /sys/kernel/mm/transparent_hugepage/enabled: Read-only file system\n`)],
  ['a package that is always read-only', log(`${good}rm: cannot remove '/snap/core20/current/x': Read-only file system\n`)],
  [
    'S3 that denies access',
    log(
      `${good}upload failed: public/build/assets/app.js to s3://shop-assets/build/app.js An error occurred (AccessDenied) when calling the PutObject operation: Access Denied\n`,
    ),
  ],
  [
    'ENOSPC that is not about the disk',
    log(`${good}node:internal/errors:496
    ErrorCaptureStackTrace(err);
Error: ENOSPC: System limit for number of file watchers reached, watch '/home/deploynix/shop/vite.config.js'
`),
  ],
  [
    'text that a seeder inserts',
    log(`${good}  Database\\Seeders\\ErrorMessageSeeder ............................ RUNNING
Inserted "Access denied for user 'x'@'localhost'"
Inserted "No space left on device"
  Database\\Seeders\\ErrorMessageSeeder ........................ 31 ms DONE
hook "warm-cache" exited with code 3
`),
  ],
  [
    'translations',
    log(`${good}Checking lang/de.json ...
  Missing translation: "Permission denied" => ?
  Missing translation: "The page has expired, connection refused"
2 missing translations
`),
  ],
  [
    'a quota that is used up',
    log(`${start}Installing dependencies from lock file
  - Installing laravel/framework (v12.38.1): Extracting archive
    Install of laravel/framework failed

  file_put_contents(/home/deploynix/shop/vendor/composer/tmp-1.zip): Failed to write 8192 bytes, errno=122 Disk quota exceeded
`),
  ],
  [
    'a stale bun.lock',
    log(
      `${start}${composer}bun install v1.2.3 (8e8f0f5e)\nerror: lockfile had changes, but lockfile is frozen\nnote: try re-running without --frozen-lockfile and commit the updated lockfile\n`,
    ),
  ],
  [
    'a missing package.json',
    log(
      `${start}${composer}npm error code ENOENT\nnpm error syscall open\nnpm error path /home/deploynix/shop/package.json\nnpm error errno -2\nnpm error enoent Could not read package.json: Error: ENOENT: no such file or directory, open '/home/deploynix/shop/package.json'\n`,
    ),
  ],
  [
    'a download that npm tried again',
    log(
      `${start}${composer}npm warn tar TAR_ENTRY_ERROR ENOENT: no such file or directory\nnpm http fetch GET 200 attempt 2 failed with ECONNRESET\n${npm}Error: widget registry is empty\n`,
    ),
  ],
  [
    'a warning of Composer',
    log(
      `${start}Do not run Composer as root/super user! See https://getcomposer.org/root for details\nContinue as root/super user [yes]? ${composer}Error: widget registry is empty\n`,
    ),
  ],
  [
    'systemctl that denies access',
    log(
      `${good}Failed to reload php8.3-fpm.service: Interactive authentication required.\nSee system logs and 'systemctl status php8.3-fpm.service' for details.\n`,
    ),
  ],
  ['a directory that is no repository', log(`fatal: not a git repository (or any of the parent directories): .git\n`)],
  [
    'too many open files',
    log(
      `${start}${composer}\n> build\n> vite build\n\nvite v6.3.5 building for production...\ntransforming...\nError: EMFILE: too many open files, open '/home/deploynix/shop/node_modules/lucide/x.js'\n`,
    ),
  ],
  [
    'a browser that npm could not download',
    log(
      `${start}${composer}npm error code 1\nnpm error path /home/deploynix/shop/node_modules/puppeteer\nnpm error command failed\nnpm error command sh -c node install.mjs\nnpm error Error: ERROR: Failed to set up chrome v131.0.6778.85! Set "PUPPETEER_SKIP_DOWNLOAD" env variable to skip download.\nnpm error     at async Promise.all (index 0)\nnpm error Error: connect ENETUNREACH 2a00:1450::10:443\n`,
    ),
  ],
  [
    'a cleanup that failed without harm',
    log(
      `${start}rm: cannot remove '/home/deploynix/shop/releases/20261101_000000/bootstrap/cache/config.php': Permission denied\nchmod: changing permissions of 'storage/logs/laravel.log': Operation not permitted\n${composer}${npm}${artisan}hook "notify" exited with code 3\n`,
    ),
  ],
  [
    'a certificate of the Git host',
    log(
      `fatal: unable to access 'https://git.example.com/acme/shop.git/': SSL certificate problem: unable to get local issuer certificate\n`,
    ),
  ],
  [
    'a warning that names a file',
    log(
      `${good}PHP Warning:  Undefined variable $x in /home/deploynix/shop/database/migrations/2026_create_disk_full_table.php on line 3\nSegmentation fault (core dumped)\n`,
    ),
  ],
  ['a notification that was not sent', log(`${good}curl: (22) The requested URL returned error: 404\nNotification could not be sent\n`)],
  [
    'another deployment that holds a lock',
    log(`${good}Waiting for /tmp/deploy.lock\nanother deployment is running: Resource temporarily unavailable\n`),
  ],
];

/** The same, with an exception of the application or of Composer that nothing caught, and part of what it says. */
export const thrown: readonly (readonly [name: string, title: string, log: string])[] = [
  [
    'names of exceptions and files',
    'Uncaught App\\Exceptions\\PermissionDeniedException',
    log(`${good}
   App\\Exceptions\\PermissionDeniedException 

  Coupon WELCOME may not be seeded

  at app/Exceptions/DiskFullException.php:14
      10▕     public static function noSpaceLeft(): self
  ➜   14▕         return new self('No space left on device');
`),
  ],
  [
    'another service that does not answer',
    'Uncaught GuzzleHttp\\Exception\\ConnectException',
    log(`${good}
   GuzzleHttp\\Exception\\ConnectException 

  cURL error 28: Operation timed out after 30001 milliseconds with 0 bytes received (see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for https://cms.example.org/api/menu

  at vendor/guzzlehttp/guzzle/src/Handler/CurlFactory.php:278
`),
  ],
  [
    'a component of Blade that is missing',
    'Uncaught InvalidArgumentException',
    log(`${start}${composer}PHP Deprecated:  Optional parameter $x declared before required parameter $y in /home/deploynix/shop/app/X.php on line 3
PHP Warning:  Module "imagick" is already loaded in Unknown on line 0

   InvalidArgumentException 

  Unable to locate a class or view for component [alert].

  at vendor/laravel/framework/src/Illuminate/View/Compilers/ComponentTagCompiler.php:315
`),
  ],
  [
    'a command that gives a row the value of another one',
    'Uncaught Illuminate\\Database\\UniqueConstraintViolationException',
    log(
      `${good}\n   Illuminate\\Database\\UniqueConstraintViolationException \n\n  SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'ada' for key 'users.users_slug_unique' (Connection: mysql, SQL: update \`users\` set \`slug\` = ada where \`id\` = 7)\n\n`,
    ),
  ],
  [
    'a command that gives a row the value of another one, in PostgreSQL',
    'Uncaught Illuminate\\Database\\UniqueConstraintViolationException',
    log(
      `${good}\n   Illuminate\\Database\\UniqueConstraintViolationException \n\n  SQLSTATE[23505]: Unique violation: 7 ERROR:  duplicate key value violates unique constraint "users_slug_unique" DETAIL:  Key (slug)=(ada) already exists. (Connection: pgsql, SQL: update "users" set "slug" = ada where "id" = 7)\n\n`,
    ),
  ],
  [
    'a command that inserts a long name',
    'Uncaught Illuminate\\Database\\QueryException',
    log(
      `${good}\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[22001]: String data, right truncated: 1406 Data too long for column 'name' at row 1 (Connection: mysql, SQL: insert into \`tags\` (\`name\`) values (x))\n\n`,
    ),
  ],
  [
    'a command that deletes a user with orders',
    'Uncaught Illuminate\\Database\\QueryException',
    log(
      `${good}\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[23503]: Foreign key violation: 7 ERROR:  update or delete on table "users" violates foreign key constraint "orders_user_id_foreign" on table "orders" (Connection: pgsql, SQL: delete from "users" where "id" = 4)\n\n`,
    ),
  ],
  [
    'a seeder without a value',
    'Uncaught Illuminate\\Database\\QueryException',
    log(
      `${good}  Database\\Seeders\\RoleSeeder ............................ RUNNING\n\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[HY000]: General error: 1364 Field 'uuid' doesn't have a default value (Connection: mysql, SQL: insert into \`roles\` (\`name\`) values (admin))\n\n`,
    ),
  ],
  [
    'a seeder that violates a foreign key',
    'Uncaught Illuminate\\Database\\QueryException',
    log(
      `${good}  Database\\Seeders\\OrderSeeder ............................ RUNNING\n\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[23503]: Foreign key violation: 7 ERROR:  insert or update on table "orders" violates foreign key constraint "orders_user_id_foreign" (Connection: pgsql, SQL: insert into "orders" ("user_id") values (4))\n\n`,
    ),
  ],
  [
    'a seeder that inserts twice',
    'Uncaught Illuminate\\Database\\UniqueConstraintViolationException',
    log(
      `${good}  Database\\Seeders\\RoleSeeder ............................ RUNNING\n\n   Illuminate\\Database\\UniqueConstraintViolationException \n\n  SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'admin' for key 'roles.roles_name_unique' (Connection: mysql, SQL: insert into \`roles\` (\`name\`) values (admin))\n\n`,
    ),
  ],
];

/** Deployments that got past a failure, which they retried or ignored, and the cause of the one that counts. */
export const passed: readonly (readonly [name: string, cause: string, log: string])[] = [
  [
    'tests that fail, one of which is about a full disk',
    'tests_failed',
    log(`${good}
   PASS  Tests\\Unit\\UploadTest
  ✓ it shows No space left on device when the disk is full               0.01s

   FAIL  Tests\\Feature\\CheckoutTest
  ⨯ it charges the card                                                  0.12s
  ────────────────────────────────────────────────────────────────────────────
   FAILED  Tests\\Feature\\CheckoutTest > it charges the card
  Failed asserting that 402 is identical to 200.

  Tests:    1 failed, 41 passed (120 assertions)
  Duration: 3.21s
`),
  ],
  [
    'an import, after a database that was waited for',
    'vite_import',
    log(`${start}${composer}Waiting for the database...
SQLSTATE[HY000] [2002] Connection refused
SQLSTATE[HY000] [2002] Connection refused
Database is up.

   INFO  Nothing to migrate.  


> build
> vite build

vite v6.3.5 building for production...
transforming...
✓ 63 modules transformed.
✗ Build failed in 446ms
error during build:
[vite]: Rollup failed to resolve import "lowlight" from "/home/deploynix/shop/resources/js/app.js".
This is most likely unintended because it can break your application at runtime.
If you do want to externalize this module explicitly add it to
\`build.rollupOptions.external\`
    at viteWarn (file:///home/deploynix/shop/node_modules/vite/dist/node/chunks/dep-ErEj4WmL.js:65228:27)
`),
  ],
  [
    'a script, after Artisan commands that failed without harm',
    'npm_script',
    log(`${start}${composer}
   ERROR  There are no commands defined in the "horizon" namespace.  

(ignored)
   ERROR  The [public/storage] link already exists.  

npm error Missing script: "build"
npm error
npm error To see a list of scripts, run:
npm error   npm run
`),
  ],
  [
    'Composer, in a script that goes on',
    'composer_extension',
    log(
      `${start}Installing dependencies from lock file\nYour lock file does not contain a compatible set of packages. Please run composer update.\n\n  Problem 1\n    - laravel/horizon is locked to version v5.40.0 and an update of this package was not requested.\n    - laravel/horizon v5.40.0 requires ext-pcntl * -> it is missing from your system. Install or enable PHP's pcntl extension.\n\n${npm}PHP Warning:  require(/home/deploynix/shop/vendor/autoload.php): Failed to open stream: No such file or directory in /home/deploynix/shop/artisan on line 18\nPHP Fatal error:  Uncaught Error: Failed opening required '/home/deploynix/shop/vendor/autoload.php'\n`,
    ),
  ],
  [
    "the application's own function, whose name begins like one of PHP",
    'php_undefined',
    log(`${good}PHP Fatal error:  Uncaught Error: Call to undefined function image_url() in /srv/app/helpers.php:4\n`),
  ],
  [
    "Laravel's bcrypt, which is not of bcmath",
    'php_undefined',
    log(`${good}PHP Fatal error:  Uncaught Error: Call to undefined function bcrypt() in /srv/scripts/user.php:4\n`),
  ],
  [
    'a package of npm in a private repository, not the repository of the site',
    'npm_auth',
    log(
      `${start}npm error code 128\nnpm error An unknown git error occurred\nnpm error command git --no-replace-objects ls-remote ssh://git@github.com/acme/ui.git\nnpm error git@github.com: Permission denied (publickey).\nnpm error fatal: Could not read from remote repository.\n`,
    ),
  ],
  [
    'a column that a migration changes, not drops',
    'migration_missing_column',
    log(
      `${good}\n   Illuminate\\Database\\QueryException \n\n  SQLSTATE[42703]: Undefined column: 7 ERROR:  column "vat" of relation "orders" does not exist (Connection: pgsql, SQL: alter table "orders" alter column "vat" type integer, alter column "vat" drop not null)\n\n`,
    ),
  ],
  [
    'npm ci, in a script that goes on',
    'npm_lock',
    log(
      `${start}${composer}npm error code EUSAGE\nnpm error\nnpm error \`npm ci\` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.\n\n> build\n> vite build\n\nsh: 1: vite: not found\n`,
    ),
  ],
];
