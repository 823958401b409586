import { FAILED } from '../../support/why-bed.ts';
import { type Known, logged } from './known.ts';

const heap = `Deploying release ${FAILED}
added 214 packages, and audited 215 packages in 9s
> build
> vite build

vite v7.1.12 building for production...
transforming...

<--- Last few GCs --->

[4242:0x6d1b000]    48914 ms: Mark-Compact (reduce) 487.2 (491.1) -> 486.4 (490.6) MB, pooled: 0 MB, 412.31 / 0.00 ms  (average mu = 0.171, current mu = 0.012) allocation failure; scavenge might not succeed

<--- JS stacktrace --->

FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory
----- Native stack trace -----

 1: 0xe1a5e0 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]
Aborted (core dumped)
`;

const lock = `Deploying release ${FAILED}
npm error code EUSAGE
npm error
npm error \`npm ci\` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync. Please update your lock file with \`npm install\` before continuing.
npm error
npm error Missing: tmp@0.2.5 from lock file
npm error
npm error Clean install a project
npm error A complete log of this run can be found in: /home/deploynix/.npm/_logs/2026-11-25T03_10_27_736Z-debug-0.log
`;

const conflict = `Deploying release ${FAILED}
npm ERR! code ERESOLVE
npm ERR! ERESOLVE unable to resolve dependency tree
npm ERR!
npm ERR! While resolving: shop@1.0.0
npm ERR! Found: vite@7.1.12
npm ERR! Could not resolve dependency:
npm ERR! peer vite@"^5.0.0 || ^6.0.0" from laravel-vite-plugin@1.2.0
`;

const node = `Deploying release ${FAILED}
> vite build

You are using Node.js 18.19.1. Vite requires Node.js version 20.19+ or 22.12+. Please upgrade your Node.js version.
error during build:
TypeError: crypto.hash is not a function
    at getHash (file:///home/deploynix/shop/node_modules/vite/dist/node/chunks/dep-BHkUv4Z8.js:2822:21)
`;

const vite = `Deploying release ${FAILED}
vite v7.1.12 building for production...
✓ 12 modules transformed.
✗ Build failed in 431ms
error during build:
[vite]: Rollup failed to resolve import "alpinejs" from "/home/deploynix/shop/resources/js/app.js".
This is most likely unintended because it can break your application at runtime.
`;

const script = `Deploying release ${FAILED}
npm error Missing script: "build"
npm error
npm error To see a list of scripts, run:
npm error   npm run
`;

/** Failures of npm, Node and the deploy script. */
export const build: readonly Known[] = [
  {
    name: 'Node without memory',
    state: logged(heap),
    cause: 'npm_memory',
    title: 'assets ran out of memory',
    line: 'JavaScript heap out of memory',
    fix: 'free -h',
  },
  {
    name: 'a stale package-lock.json',
    state: logged(lock),
    cause: 'npm_lock',
    title: 'lock file does not match',
    line: '`npm ci` can only install packages',
    fix: 'push the lock file',
  },
  {
    name: 'npm packages in conflict',
    state: logged(conflict),
    cause: 'npm_conflict',
    title: 'cannot resolve',
    line: 'code ERESOLVE',
    fix: 'push the lock file',
  },
  {
    name: 'an old Node',
    state: logged(node),
    cause: 'node_version',
    title: 'Node is too old',
    line: 'You are using Node.js 18.19.1',
    fix: 'node --version',
  },
  {
    name: 'an import that is missing',
    state: logged(vite),
    cause: 'vite_import',
    title: 'import alpinejs',
    line: 'failed to resolve import "alpinejs"',
    fix: 'package.json',
  },
  {
    name: 'a script that is missing',
    state: logged(script),
    cause: 'npm_script',
    title: 'no script build',
    line: 'Missing script: "build"',
    fix: 'deploy script',
  },
  {
    name: 'a command that is missing',
    state: logged(`Deploying release ${FAILED}\nbash: line 12: npm: command not found\n`),
    cause: 'command_missing',
    title: 'no command npm',
    line: 'npm: command not found',
    fix: 'dnx ssh',
  },
  {
    name: 'an Artisan command that is missing',
    state: logged(`Deploying release ${FAILED}\n\n   ERROR  There are no commands defined in the "horizon" namespace.\n\n`),
    cause: 'artisan_command',
    title: 'Artisan command horizon',
    line: 'defined in the "horizon" namespace',
    fix: 'dnx artisan',
  },
  {
    name: 'a syntax error in PHP',
    state: logged(
      `Deploying release ${FAILED}\nPHP Parse error:  syntax error, unexpected token "}", expecting ";" in /home/deploynix/shop/routes/web.php on line 18\n`,
    ),
    cause: 'php_syntax',
    title: 'cannot parse',
    line: 'syntax error, unexpected token',
    fix: 'push',
  },
  {
    name: 'a class of a package for development',
    state: logged(
      `Deploying release ${FAILED}\n> @php artisan package:discover --ansi\n\nIn ProviderRepository.php line 205:\n\n  Class "Laravel\\Telescope\\TelescopeServiceProvider" not found\n\n\nScript @php artisan package:discover --ansi handling the post-autoload-dump event returned with error code 1\n`,
    ),
    cause: 'class_missing',
    title: 'Laravel\\Telescope\\TelescopeServiceProvider',
    line: 'TelescopeServiceProvider" not found',
    fix: 'require-dev',
  },
];
