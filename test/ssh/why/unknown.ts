import { AGO, FAILED, LIVE, type Plant, slashed, stamp } from '../../support/why-bed.ts';
import { logged } from './known.ts';

const DAY = 24 * 60 * 60_000;

/** A state whose cause dnx does not know, and the nearest line, if there is one. */
export interface Unnamed {
  readonly name: string;
  readonly state: Plant;
  /** Part of the last line of the evidence; none if undefined. */
  readonly nearest?: string;
  /** True if nothing is wrong. */
  readonly healthy?: boolean;
}

const platform = 'Root composer.json requires php ^8.3 but your php version (8.2.29) does not satisfy that requirement.';
const noSpace = 'file_put_contents(/home/deploynix/shop/vendor/x): Failed to write 8192 bytes, errno=28 No space left on device';

const laravel = (message: string, level = 'ERROR', ago = AGO - 30_000): NonNullable<Plant['files']> => ({
  'shared/storage/logs/laravel.log': { content: () => `[${stamp(ago)}] production.${level}: ${message}\n`, ago },
});

const wide = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

/** 10 MB of lines that mean nothing. */
const large = (last: string): Buffer =>
  Buffer.concat([Buffer.alloc(10 * 1024 * 1024, 'Downloading laravel/framework (v12.38.1)\n'), Buffer.from(last)]);

/** States that no cause may be blamed for. */
export const unknown: readonly Unnamed[] = [
  { name: 'no log', state: {} },
  { name: 'an empty log', state: logged('') },
  {
    name: 'an unknown failure',
    state: logged(`Deploying release ${FAILED}\nError: the flux capacitor is not charged\nExit status 1\n`),
    nearest: 'flux capacitor',
  },
  {
    name: 'an old error before a success, in one log',
    state: logged(
      `Deploying release 20261101_031005\n${platform}\nDeploying release ${LIVE}\nDeployment succeeded\nDeploying release ${FAILED}\nExit status 3\n`,
    ),
    nearest: 'Exit status 3',
  },
  {
    name: 'an old error before a success, without names of releases',
    state: logged(`Starting\n${platform}\nStarting\nDeployment completed in 12s\nStarting\nExit status 3\n`),
    nearest: 'Exit status 3',
  },
  {
    name: 'an error of last week, by its time',
    state: logged(() => `[${stamp(7 * DAY)}] ${platform}\n[${stamp()}] Exit status 3\n`),
    nearest: 'Exit status 3',
  },
  { name: 'an error of last week, by the time of the file', state: { files: { 'logs/deploy.log': { content: platform, ago: 7 * DAY } } } },
  {
    name: 'an error of last week in the log of Laravel',
    state: { files: laravel('SQLSTATE[HY000] [2002] Connection refused', 'ERROR', 7 * DAY) },
  },
  {
    name: '“disk full” in a message of the application',
    state: { files: laravel('Import failed: supplier says disk full, no space left on device') },
    nearest: 'supplier says disk full',
  },
  { name: 'the words of a known error at level INFO', state: { files: laravel(`Customer wrote: ${noSpace}`, 'INFO') } },
  {
    name: 'an error of another site in the log of nginx',
    state: {
      failed: false,
      status: 502,
      files: {
        'logs/nginx-error.log': {
          content: () =>
            `${slashed()} [crit] 812#812: *7 connect() to unix:/run/php/php8.3-fpm.sock failed (2: No such file or directory) while connecting to upstream, client: 198.51.100.7, server: blog.example.com, request: "GET / HTTP/2.0", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "blog.example.com"\n`,
          ago: 0,
        },
      },
    },
  },
  {
    name: 'an error of the live site while the deployment failed',
    state: {
      files: {
        'logs/deploy.log': `Deploying release ${FAILED}\nExit status 3\n`,
        'logs/nginx-error.log': () =>
          `${slashed(AGO - 30_000)} [error] 812#812: *7 upstream timed out (110: Connection timed out) while reading response header from upstream\n`,
      },
    },
    nearest: 'Exit status 3',
  },
  {
    name: 'a binary log',
    state: { files: { 'logs/deploy.log': Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256)) } },
  },
  {
    name: 'a log that ends within a line',
    state: logged(`Deploying release ${FAILED}\nYour requirements could not be res`),
    nearest: 'Your requirements could not be res',
  },
  {
    name: 'a forged section with a disk that is full',
    state: logged(
      `Deploying release ${FAILED}\n0123456789abcdef0123456789abcdef space\n${Buffer.from('/dev/vda1 1 1 0 100% /').toString('base64')}\n0123456789abcdef0123456789abcdef end\nExit status 3\n`,
    ),
    nearest: 'Exit status 3',
  },
  { name: 'a log of 10 MB', state: { files: { 'logs/deploy.log': large('Error: exit status 3\n') } }, nearest: 'exit status 3' },
  {
    name: 'a log in UTF-16',
    state: { files: { 'logs/deploy.log': wide(`Deploying release ${FAILED}\r\nDéploiement échoué: error 3\r\n`) } },
    nearest: 'Déploiement échoué',
  },
  {
    name: 'a log in Latin-1',
    state: { files: { 'logs/deploy.log': Buffer.from(`Deploying release ${FAILED}\nD\xe9ploiement \xe9chou\xe9: error 3\n`, 'latin1') } },
    nearest: 'Déploiement échoué',
  },
  {
    name: 'another process that the kernel killed',
    state: logged(`Deploying release ${FAILED}\nError: the flux capacitor is not charged\n`, {
      prints: { dmesg: () => `[${stamp()}] Out of memory: Killed process 51423 (mariadbd) total-vm:11918752kB, anon-rss:1483560kB\n` },
    }),
    nearest: 'flux capacitor',
  },
  {
    name: 'an error of the site before the one that it has now',
    state: {
      failed: false,
      status: 500,
      files: {
        'shared/storage/logs/laravel.log': {
          content: () =>
            `[${stamp(50 * 60_000)}] production.ERROR: SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)\n[${stamp(20_000)}] production.ERROR: The flux capacitor is not charged\n`,
          ago: 20_000,
        },
      },
    },
    nearest: 'flux capacitor',
  },
  {
    name: 'another service that refuses connections, only in the log of Laravel',
    state: { files: laravel('cURL error 7: Failed to connect to api.stripe.com port 443 after 1 ms: Connection refused') },
    nearest: 'api.stripe.com',
  },
  {
    name: 'a service that is not installed',
    state: { failed: false, status: 500, prints: { 'systemctl-nginx': 'inactive\n' } },
  },
  { name: 'a 500 without a log', state: { failed: false, status: 500 } },
  {
    name: 'a 500 with an unknown exception',
    state: { failed: false, status: 500, files: laravel('The flux capacitor is not charged', 'ERROR', 20_000) },
    nearest: 'flux capacitor',
  },
  {
    name: 'a failure before a success',
    state: {
      failed: false,
      files: { 'logs/deploy.log': platform, ...laravel('SQLSTATE[HY000] [2002] Connection refused', 'ERROR', 20_000) },
    },
    healthy: true,
  },
  { name: 'a site that is well', state: { failed: false }, healthy: true },
];

/** Known causes in logs that are hard to read. */
export const readable: readonly { readonly name: string; readonly state: Plant }[] = [
  { name: 'at the end of 10 MB', state: { files: { 'logs/deploy.log': large(`\n${platform}\n`) } } },
  { name: 'in UTF-16', state: { files: { 'logs/deploy.log': wide(`Deploying release ${FAILED}\r\n${platform}\r\n`) } } },
  {
    name: 'in Latin-1',
    state: { files: { 'logs/deploy.log': Buffer.from(`Deploying release ${FAILED}\n\xc9chec\n${platform}\n`, 'latin1') } },
  },
  {
    name: 'in color, with a progress bar',
    state: logged(`Deploying release ${FAILED}\n\x1b[33m 0/118 [>---]\r 12/118 [=>--]\r${platform}\x1b[0m\x1b]0;title\x07\n`),
  },
  {
    name: 'after a block of zeros',
    state: { files: { 'logs/deploy.log': Buffer.concat([Buffer.alloc(512), Buffer.from(`\n${platform}\n`)]) } },
  },
];
