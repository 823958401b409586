import { FAILED } from '../../support/why-bed.ts';
import { composer, good, log, npm, start } from './log.ts';

/** Deployments that fail for something else, and the cause. */
export const others: readonly (readonly [name: string, cause: string, log: string])[] = [
  [
    'a stale pnpm-lock.yaml',
    'npm_lock',
    log(`${start}${composer} ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with "frozen-lockfile" because pnpm-lock.yaml is not up to date with <ROOT>/package.json

Note that in CI environments this setting is true by default. If you still need to run install in such cases, use "pnpm install --no-frozen-lockfile"
`),
  ],
  [
    'a stale yarn.lock',
    'npm_lock',
    log(`${start}${composer}yarn install v1.22.22
[1/4] Resolving packages...
error Your lockfile needs to be updated, but yarn was run with \`--frozen-lockfile\`.
`),
  ],
  [
    'Vite that was killed',
    'npm_memory',
    log(`${start}${composer}
> build
> vite build

vite v6.3.5 building for production...
transforming...
Killed
npm error Lifecycle script \`build\` failed with error:
npm error signal SIGKILL
npm error path /home/deploynix/shop/releases/${FAILED}
npm error command sh -c vite build
`),
  ],
  [
    'a license of Nova that ended',
    'composer_auth',
    log(`${start}Installing dependencies from lock file
Package operations: 112 installs, 0 updates, 0 removals
  - Downloading laravel/nova (5.7.6)
    Failed to download laravel/nova from dist: The "https://nova.laravel.com/dist/laravel/nova/laravel-nova-5.7.6.zip" file could not be downloaded (HTTP/2 402 )

In CurlDownloader.php line 408:

  The "https://nova.laravel.com/packages.json" file could not be downloaded (HTTP/2 401 ):
  Invalid credentials for 'https://nova.laravel.com/packages.json', aborting.
`),
  ],
  [
    'an extension without a package of its own',
    'composer_extension',
    log(`${start}Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.
Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - laravel/horizon is locked to version v5.40.0 and an update of this package was not requested.
    - laravel/horizon v5.40.0 requires ext-pcntl * -> it is missing from your system. Install or enable PHP's pcntl extension.

To enable extensions, verify that they are enabled in your .ini files:
    - /etc/php/8.3/cli/php.ini
`),
  ],
  [
    'a provider of a package for development',
    'class_missing',
    log(`${start}${composer.replace(/\n {3}INFO[\s\S]*/, '')}
In ProviderRepository.php line 206:

  Class "Barryvdh\\LaravelIdeHelper\\IdeHelperServiceProvider" not found  

Script @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1
`),
  ],
  [
    'a repository over https',
    'git_access',
    log(`Deploying release ${FAILED}
Cloning into '/home/deploynix/shop.example.com/releases/${FAILED}'...
fatal: could not read Username for 'https://github.com': terminal prompts disabled
`),
  ],
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
    'the rate limit of GitHub',
    'composer_auth',
    log(
      `${start}Installing dependencies from lock file\nGitHub API limit (60 calls/hr) is exhausted, could not fetch https://api.github.com/repos/acme/x/zipball/abc. Create a GitHub OAuth token to go over the API rate limit. You can also wait until 2026-11-25 04:00:00 for the rate limit to reset.\n\nCould not authenticate against github.com\n`,
    ),
  ],
  [
    'phpredis that is not installed',
    'php_extension',
    log(
      `${start}${composer.replace(/\n {3}INFO[\s\S]*/, '')}\nIn PhpRedisConnector.php line 79:\n\n  Class "Redis" not found  \n\nScript @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1\n`,
    ),
  ],
  [
    'sudo without a terminal',
    'sudo_password',
    log(
      `${good}\n   INFO  Sending TERM signal to process: 4242.  \n\nsudo: a terminal is required to read the password; either use the -S option to read from standard input or configure an askpass helper\nsudo: a password is required\n`,
    ),
  ],
  [
    'a clone that breaks off',
    'git_network',
    log(
      `Cloning into '/x'...\nerror: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly: CANCEL (err 8)\nerror: 5126 bytes of body are still expected\nfetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF\nfatal: fetch-pack: invalid index-pack output\n`,
    ),
  ],
  [
    'a build that fails for its configuration',
    'assets_failed',
    log(
      `${start}${composer}\n> build\n> vite build\n\nvite v6.3.5 building for production...\n✗ Build failed in 210ms\nerror during build:\n[vite:css] [postcss] It looks like you're trying to use \`tailwindcss\` directly as a PostCSS plugin.\n`,
    ),
  ],
  [
    'a build that fails for its types',
    'assets_types',
    log(
      `${start}${composer}\n> build\n> tsc && vite build\n\nresources/js/app.ts(3,7): error TS2322: Type 'string' is not assignable to type 'number'.\nnpm error Lifecycle script \`build\` failed with error:\nnpm error code 2\n`,
    ),
  ],
  [
    'Composer, in a script that goes on',
    'composer_extension',
    log(
      `${start}Installing dependencies from lock file\nYour lock file does not contain a compatible set of packages. Please run composer update.\n\n  Problem 1\n    - laravel/horizon is locked to version v5.40.0 and an update of this package was not requested.\n    - laravel/horizon v5.40.0 requires ext-pcntl * -> it is missing from your system. Install or enable PHP's pcntl extension.\n\n${npm}PHP Warning:  require(/home/deploynix/shop/vendor/autoload.php): Failed to open stream: No such file or directory in /home/deploynix/shop/artisan on line 18\nPHP Fatal error:  Uncaught Error: Failed opening required '/home/deploynix/shop/vendor/autoload.php'\n`,
    ),
  ],
  [
    'npm ci, in a script that goes on',
    'npm_lock',
    log(
      `${start}${composer}npm error code EUSAGE\nnpm error\nnpm error \`npm ci\` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.\n\n> build\n> vite build\n\nsh: 1: vite: not found\n`,
    ),
  ],
  [
    'an optional dependency of Rollup',
    'npm_platform',
    log(`${start}${composer}
> build
> vite build

/home/deploynix/shop/node_modules/rollup/dist/native.js:64
		throw new Error(
		      ^

Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional dependencies (https://github.com/npm/cli/issues/4828). Please try \`npm i\` again after removing both package-lock.json and node_modules directory.
    at requireWithFriendlyError (/home/deploynix/shop/node_modules/rollup/dist/native.js:46:9)
`),
  ],
  [
    'a name of a route that is taken',
    'route_name',
    log(`${start}${composer}${npm}
   LogicException 

  Unable to prepare route [api/user] for serialization. Another route has already been assigned name [login].

  at vendor/laravel/framework/src/Illuminate/Routing/AbstractRouteCollection.php:247
`),
  ],
  [
    'a plugin that Composer does not allow',
    'composer_plugin',
    log(
      `${start}\nIn PluginManager.php line 768:\n\n  pestphp/pest-plugin contains a Composer plugin which is blocked by your allow-plugins config. You may add it to the list if you consider it safe.\n`,
    ),
  ],
];
