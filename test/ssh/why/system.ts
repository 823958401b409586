import { FAILED, stamp } from '../../support/why-bed.ts';
import { type Known, logged } from './known.ts';

const df = (used: string) => `Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda1         81106868 81090484         0    ${used} /
tmpfs              2010564        0   2010564       0% /tmp
`;

const full = `Deploying release ${FAILED}
Package operations: 118 installs, 0 updates, 0 removals
  - Installing laravel/framework (v12.38.1): Extracting archive

In Filesystem.php line 312:

  file_put_contents(/home/deploynix/shop/vendor/composer/installed.json): Failed to write 8192 bytes, errno=28 No space left on device

`;

const killed = `Deploying release ${FAILED}
> vite build
transforming...
bash: line 9: 51423 Killed                  npm run build
`;

const oom = (ago: string): string =>
  `[${new Date(`${ago.replace(' ', 'T')}Z`).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4')}] Out of memory: Killed process 51423 (node) total-vm:11918752kB, anon-rss:1483560kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:9116kB oom_score_adj:0
`;

const append =
  'The stream or file "/home/deploynix/shop/storage/logs/laravel.log" could not be opened in append mode: Failed to open stream: Permission denied';

/** Failures of the server, of Git and of variables. */
export const system: readonly Known[] = [
  {
    name: 'a full disk',
    state: logged(full, { prints: { df: df('100%') } }),
    cause: 'disk_full',
    title: 'The disk is full',
    line: 'errno=28 No space left on device',
    fix: 'df -h',
  },
  {
    name: 'a disk that was full',
    state: logged(full),
    cause: 'disk_full',
    title: 'The disk is full',
    line: 'errno=28',
    fix: 'dnx deploy',
    resolved: '32% full now',
  },
  {
    name: 'a full disk, and no log',
    state: { prints: { df: df('100%') } },
    cause: 'disk_full',
    title: 'The disk is full',
    line: '100% /',
    fix: 'df -h',
  },
  {
    name: 'no inodes',
    state: {
      prints: { 'df-i': 'Filesystem      Inodes  IUsed   IFree IUse% Mounted on\n/dev/vda1      5160960 5160960      0  100% /\n' },
    },
    cause: 'inodes_full',
    title: 'no inodes left',
    line: '5160960 5160960 0 100% /',
    fix: 'df -h',
  },
  {
    name: 'a process that the kernel killed',
    state: logged(killed, { prints: { dmesg: () => oom(stamp()) } }),
    cause: 'memory_killed',
    title: 'killed node',
    line: 'Out of memory: Killed process 51423 (node)',
    fix: 'free -h',
  },
  {
    name: 'a killed command, without the log of the kernel',
    state: logged(killed),
    cause: 'killed',
    title: 'was killed',
    line: '51423 Killed',
    fix: 'free -h',
  },
  {
    name: 'a log that is not writable',
    state: logged(`Deploying release ${FAILED}\n\nIn StreamHandler.php line 167:\n\n  ${append}\n\n`),
    cause: 'permissions',
    title: 'not writable',
    line: 'could not be opened in append mode',
    fix: 'ls -la storage/',
  },
  {
    name: 'a directory of another user',
    state: logged(
      `Deploying release ${FAILED}\nrm: cannot remove 'releases/20261101_031005/bootstrap/cache/config.php': Permission denied\n`,
    ),
    cause: 'permissions',
    title: 'not writable',
    line: 'rm: cannot remove',
    fix: 'ls -la',
  },
  {
    name: 'no APP_KEY',
    state: logged(
      `Deploying release ${FAILED}\n\nIn EncryptionServiceProvider.php line 83:\n\n  No application encryption key has been specified.\n\n`,
      {
        files: { 'shared/.env': 'APP_NAME=Shop\nAPP_KEY=\n' },
      },
    ),
    cause: 'env_key_missing',
    title: 'APP_KEY is not set',
    line: 'No application encryption key has been specified',
    fix: 'key:generate',
  },
  {
    name: 'a variable of .env.example that is missing',
    state: logged(
      `Deploying release ${FAILED}\n\n   RuntimeException\n\n  Config value services.stripe.secret is null, check STRIPE_SECRET.\n`,
      {
        files: { [`releases/${FAILED}/.env.example`]: 'APP_NAME=Laravel\nSTRIPE_SECRET=\n', 'shared/.env': 'APP_NAME=Shop\n' },
      },
    ),
    cause: 'env_missing',
    title: 'STRIPE_SECRET is not set',
    line: 'check STRIPE_SECRET',
    fix: 'env set STRIPE_SECRET',
  },
  {
    name: 'a .env that phpdotenv refuses',
    state: logged(
      `Deploying release ${FAILED}\nThe environment file is invalid!\nFailed to parse dotenv file. Encountered unexpected whitespace at [correct horse battery].\n`,
    ),
    cause: 'env_invalid',
    title: '.env file is not valid',
    line: 'The environment file is invalid!',
    fix: 'env edit',
  },
  {
    name: 'no access to the repository',
    state: logged(
      `Deploying release ${FAILED}\nCloning into '/home/deploynix/shop'...\ngit@github.com: Permission denied (publickey).\r\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n`,
    ),
    cause: 'git_access',
    title: 'may not read the repository',
    line: 'git@github.com: Permission denied (publickey)',
    fix: 'setup-deploy-key',
  },
  {
    name: 'a branch that does not exist',
    state: logged(
      `Deploying release ${FAILED}\nwarning: Could not find remote branch release/2026 to clone.\nfatal: Remote branch release/2026 not found in upstream origin\n`,
    ),
    cause: 'git_branch',
    title: 'branch release/2026 does not exist',
    line: 'Remote branch release/2026 not found',
    fix: '--branch BRANCH',
  },
  {
    name: 'changes on the server',
    state: logged(
      `Deploying release ${FAILED}\nUpdating 90c27bf..b085a9d\nerror: Your local changes to the following files would be overwritten by merge:\n\tcomposer.lock\nPlease commit your changes or stash them before you merge.\nAborting\n`,
    ),
    cause: 'git_changes',
    title: 'changed on the server',
    line: 'would be overwritten by merge',
    fix: 'git status --short',
  },
  {
    name: 'GitHub out of reach',
    state: logged(
      `Deploying release ${FAILED}\nfatal: unable to access 'https://github.com/example/shop.git/': Could not resolve host: github.com\n`,
    ),
    cause: 'git_network',
    title: 'could not reach the Git host',
    line: 'Could not resolve host: github.com',
    fix: 'dnx deploy',
  },
  {
    name: 'a composer.json that this PHP does not satisfy, and no log',
    state: { site: { php_version: '8.2' }, files: { [`releases/${FAILED}/composer.json`]: '{"require":{"php":"^8.4"}}' } },
    cause: 'php_constraint',
    title: 'PHP 8.2 does not satisfy composer.json',
    line: '"php": "^8.4"',
    fix: '--php-version 8.4',
  },
];
