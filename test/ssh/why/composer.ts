import { FAILED } from '../../support/why-bed.ts';
import { type Known, logged } from './known.ts';

const start = `Deploying release ${FAILED}
Cloning into '/home/deploynix/releases/${FAILED}'...
HEAD is now at b085a9d Queue the invoice mails
Linking shared/.env
Installing dependencies from lock file
Verifying lock file contents can be installed on current platform.`;

const platform = `${start}
Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - Root composer.json requires php ^8.3 but your php version (8.2.29) does not satisfy that requirement.
  Problem 2
    - laravel/framework is locked to version v12.38.1 and an update of this package was not requested.
    - laravel/framework v12.38.1 requires php ^8.2 -> your php version (8.2.29) does not satisfy that requirement.
  Problem 3
    - symfony/clock is locked to version v8.0.0 and an update of this package was not requested.
    - symfony/clock v8.0.0 requires php >=8.4 -> your php version (8.2.29) does not satisfy that requirement.

`;

const runtime = `${start}
Package operations: 0 installs, 0 updates, 0 removals
Generating optimized autoload files
> @php artisan package:discover --ansi
PHP Fatal error:  Uncaught RuntimeException: Composer detected issues in your platform: Your Composer dependencies require a PHP version ">= 8.4.0". You are running 8.3.14. in /home/deploynix/shop/vendor/composer/platform_check.php:22
Stack trace:
#0 /home/deploynix/shop/vendor/composer/autoload_real.php(25): require()
#1 {main}
  thrown in /home/deploynix/shop/vendor/composer/platform_check.php on line 22
Script @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 255
`;

const extension = `${start}
Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - Root composer.json requires PHP extension ext-gd * but it is missing from your system. Install or enable PHP's gd extension.
  Problem 2
    - phpoffice/phpspreadsheet is locked to version 3.3.0 and an update of this package was not requested.
    - phpoffice/phpspreadsheet 3.3.0 requires ext-gd * -> it is missing from your system. Install or enable PHP's gd extension.

To enable extensions, verify that they are enabled in your .ini files:
    - /etc/php/8.3/cli/php.ini
    - /etc/php/8.3/cli/conf.d/10-opcache.ini
You can also run \`php --ini\` in a terminal to see which files are used by PHP in CLI mode.
Alternatively, you can run Composer with \`--ignore-platform-req=ext-gd\` to temporarily ignore these required extensions.
`;

const lock = `${start}
Warning: The lock file is not up to date with the latest changes in composer.json. You may be getting outdated dependencies. It is recommended that you run \`composer update\` or \`composer update <package name>\`.
- Required package "laravel/horizon" is not present in the lock file.
This usually happens when composer files are incorrectly merged or the composer.json file is manually edited.
Read more about correctly resolving merge conflicts https://getcomposer.org/doc/articles/resolving-merge-conflicts.md
and prefer using the "require" command over editing the composer.json file directly https://getcomposer.org/doc/03-cli.md#require-r
`;

const auth = `${start}
Package operations: 118 installs, 0 updates, 0 removals
  - Downloading laravel/nova (5.7.6)
  0/118 [>---------------------------]   0%
In CurlDownloader.php line 401:

  Invalid credentials (HTTP 401) for 'https://nova.laravel.com/dist/laravel/nova/laravel-nova-5.7.6.zip', aborting.

install [--prefer-source] [--prefer-dist] [--prefer-install PREFER-INSTALL] [--dry-run]
`;

const memory = `${start}
PHP Fatal error:  Allowed memory size of 1610612736 bytes exhausted (tried to allocate 4096 bytes) in phar:///usr/local/bin/composer/src/Composer/DependencyResolver/Solver.php on line 223

Fatal error: Allowed memory size of 1610612736 bytes exhausted (tried to allocate 4096 bytes) in phar:///usr/local/bin/composer/src/Composer/DependencyResolver/Solver.php on line 223

Check https://getcomposer.org/doc/articles/troubleshooting.md#memory-limit-errors for more info on how to handle out of memory errors.
`;

const network = `Deploying release ${FAILED}
Loading composer repositories with package information

In CurlDownloader.php line 401:

  curl error 28 while downloading https://repo.example.com/packages.json: Resolving timed out after 10000 milliseconds

`;

const conflict = `Deploying release ${FAILED}
Loading composer repositories with package information
Updating dependencies
Your requirements could not be resolved to an installable set of packages.

  Problem 1
    - Root composer.json requires livewire/livewire ^3.0 -> satisfiable by livewire/livewire[v3.0.0, ..., v3.6.4].
    - livewire/livewire[v3.0.0, ..., v3.0.10] require illuminate/support ^10.0 -> found illuminate/support[v10.0.0, ..., v10.49.1] but these were not loaded, likely because it conflicts with another require.
`;

/** Failures of Composer. */
export const composer: readonly Known[] = [
  {
    name: 'PHP too old for several packages',
    state: logged(platform, { site: { php_version: '8.2' } }),
    cause: 'composer_platform',
    title: 'PHP 8.2 is too old',
    line: 'Root composer.json requires php ^8.3 but your php version (8.2.29)',
    fix: '--php-version 8.4',
  },
  {
    name: 'PHP too old by the platform check',
    state: logged(runtime),
    cause: 'composer_platform',
    title: 'PHP 8.3 is too old',
    line: 'require a PHP version ">= 8.4.0". You are running 8.3.14',
    fix: '--php-version 8.4',
  },
  {
    name: 'PHP too old, and updated meanwhile',
    state: logged(platform, { site: { php_version: '8.4' } }),
    cause: 'composer_platform',
    title: 'PHP 8.2 is too old',
    line: 'requires php ^8.3',
    fix: 'dnx deploy',
    resolved: 'the site runs PHP 8.4 now',
  },
  {
    name: 'a missing extension',
    state: logged(extension),
    cause: 'composer_extension',
    title: 'extension gd',
    line: 'requires PHP extension ext-gd',
    fix: 'php8.3-gd',
  },
  {
    name: 'a stale composer.lock',
    state: logged(lock),
    cause: 'composer_lock',
    title: 'does not match',
    line: 'laravel/horizon',
    fix: 'composer update laravel/horizon',
  },
  {
    name: 'a private package',
    state: logged(auth),
    cause: 'composer_auth',
    title: 'private package',
    line: 'Invalid credentials (HTTP 401)',
    fix: 'COMPOSER_AUTH',
  },
  {
    name: 'Composer without memory',
    state: logged(memory),
    cause: 'composer_memory',
    title: 'ran out of memory',
    line: 'Allowed memory size of 1610612736',
    fix: 'composer.lock',
  },
  {
    name: 'a repository out of reach',
    state: logged(network),
    cause: 'composer_network',
    title: 'could not download',
    line: 'curl error 28',
    fix: 'dnx deploy',
  },
  {
    name: 'packages in conflict',
    state: logged(conflict),
    cause: 'composer_conflict',
    title: 'cannot resolve',
    line: 'could not be resolved',
    fix: 'composer update',
  },
];
