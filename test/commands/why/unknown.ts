import { artisan, composer, good, log, npm, start } from './log.ts';

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
