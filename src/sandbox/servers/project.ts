import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, DnxError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { HOUR } from '../../base/time.ts';
import { seeded } from '../seed/ids.ts';
import type { Head, State } from '../state.ts';

/** The repository of shop.example.com, as a Git host has it, and a clone of it. */
export type Project = NonNullable<ReturnType<typeof createProject>>;

const REPOSITORY = 'example/shop';
/** Where the clone says that its repository is. */
const REMOTE = `https://github.com/${REPOSITORY}.git`;

const composer = (php: string): string =>
  `${JSON.stringify({ name: REPOSITORY, type: 'project', require: { php: `^${php}`, 'laravel/framework': '^12.0' } }, null, 2)}\n`;

const migration = (name: string): Record<string, string> => ({ [`database/migrations/${name}.php`]: '<?php\n\nreturn new Migration();\n' });

const environment = (name: string, site: string) => [
  name,
  {
    server: { id: seeded.servers['web-1'], name: 'web-1' },
    site: { id: site, name: `${name === 'production' ? 'shop' : name}.example.com` },
  },
];

const link = {
  default: 'production',
  environments: Object.fromEntries([
    environment('production', seeded.sites['shop.example.com']),
    environment('staging', seeded.sites['staging.example.com on web-1']),
  ]),
  preview: { server: 'web-2', domain: '{branch}.preview.example.com', seed: 'db:seed', verify: '/up', copy: ['MAIL_FROM_NAME'] },
};

/** The state file of the shop. Somebody has changed where /sale leads since. */
const stateFile = (...variables: readonly string[]): string => `# What shop.example.com should be. Compare: dnx drift. Apply: dnx apply
sites:
  shop.example.com:
    server: web-1
    repository: ${REPOSITORY}
    branch: main
    php_version: 8.3
    zero_downtime: true
    env:
      APP_NAME: Example Shop
      APP_ENV: production
      APP_DEBUG: false
${variables.map((line) => `      ${line}\n`).join('')}    secrets: [APP_KEY, DB_PASSWORD, STRIPE_SECRET] # their values are not in this file
    queues:
      - { queue: default, processes: 3 }
      - { queue: mails, processes: 1 }
      - { queue: exports, processes: 1, timeout: 900 }
    redirects:
      - { from: /sale, to: /collections/spring, type: 302 }
      - { from: /agb, to: /terms, type: 301 }
    certificates: true
    owns: [redirects] # what else is there shows as surplus
`;

/** The commits of main, oldest first. The first five are the releases of the shop; the others are not deployed yet. */
const main: readonly { readonly subject: string; readonly files: Readonly<Record<string, string>> }[] = [
  {
    subject: 'Upgrade to Laravel 12',
    files: {
      '.deploynix.json': `${JSON.stringify(link, null, 2)}\n`,
      '.env.example': 'APP_NAME=\nAPP_ENV=local\nAPP_KEY=\nAPP_DEBUG=true\nDB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_DATABASE=shop\n',
      '.gitignore': '/node_modules\n/vendor\n.env\n.env.*\n!.env.example\n',
      'README.md': '# Example Shop\n',
      artisan: '#!/usr/bin/env php\n<?php\n',
      'composer.json': composer('8.2'),
      'deploynix.yml': stateFile(),
      'package.json': '{ "private": true, "scripts": { "build": "vite build" } }\n',
      'public/index.php': '<?php\n',
      'resources/js/app.js': "import './cart';\n",
      ...migration('2025_01_10_090000_create_orders_table'),
      ...migration('2025_02_18_140000_create_customers_table'),
    },
  },
  { subject: 'Fix rounding of VAT in the order summary', files: { 'app/Models/Vat.php': '<?php\n' } },
  { subject: 'Add an index on orders.customer_id', files: migration('2025_11_14_101500_index_orders_customer_id') },
  { subject: 'Queue invoice mails instead of sending them inline', files: { 'app/Jobs/SendInvoice.php': '<?php\n' } },
  { subject: 'Cache the category tree for ten minutes', files: { 'app/Categories.php': '<?php\n' } },
  {
    subject: 'Keep carts for a month',
    files: {
      ...migration('2025_11_25_103000_create_carts_table'),
      '.env.example':
        'APP_NAME=\nAPP_ENV=local\nAPP_KEY=\nAPP_DEBUG=true\nDB_CONNECTION=mysql\nDB_HOST=127.0.0.1\nDB_DATABASE=shop\nCART_DAYS=30\n',
      'deploynix.yml': stateFile('CART_DAYS: 30'),
    },
  },
  { subject: 'Show the cart on every page', files: { 'resources/js/cart.js': 'export const days = 30;\n' } },
];

/** On a branch of its own: the shop runs PHP 8.3. */
const upgrade = { subject: 'Require PHP 8.4', files: { 'composer.json': composer('8.4') } };

/** Creates the repository and its clone, and gives the releases of the shop its commits. Undefined without Git. */
export function createProject(directory: string, clone: string, dotenv: string, state: State, now: number) {
  const hub = join(directory, REPOSITORY);
  const marks = join(directory, 'marks');
  mkdirSync(join(hub, 'hooks'), { recursive: true });
  const git: Git = (args, input) => run('git', ['-C', hub, ...args], input);
  if (attempt(() => git(['init', '--quiet', '--bare', '--initial-branch=main'])) === undefined) return undefined;
  const releases = state.releases.filter(({ site_id }) => site_id === seeded.sites['shop.example.com']);
  const times = main.map((_, index) => Date.parse(releases[index]?.created_at ?? '') || now - (main.length - index) * HOUR);
  git(['fast-import', '--quiet', `--export-marks=${marks}`], historyAt(times));
  writeFileSync(join(hub, 'hooks/post-update'), '#!/bin/sh\ntouch pushed\n', { mode: 0o755 });
  const commits = new Map(
    [...readFileSync(marks, 'utf8').matchAll(/^:(\d+) (\w+)$/gm)].map(([, mark, hash = '']) => [hash, Number(mark) - 1] as const),
  );
  for (const [commit_hash, index] of commits) {
    const release = releases[index];
    const push = state.webhooks.find((webhook) => webhook.commit_hash === release?.commit_hash);
    for (const row of [release, push]) if (row) Object.assign(row, { commit_hash, commit_message: main[index]?.subject });
  }
  const config = ['user.name=Ada Lovelace', 'user.email=ada@example.com', `url.file://${hub}.insteadOf=${REMOTE}`];
  git(['clone', '--quiet', ...config.flatMap((setting) => ['--config', setting]), REMOTE, clone]);
  writeFileSync(join(clone, '.env'), dotenv);
  let seen: number | undefined;
  return {
    /** Reads what was pushed since, and keeps it in the state. */
    update(current: State): void {
      const at = statSync(join(hub, 'pushed'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (at === seen) return;
      seen = at;
      current.heads = headsIn(git);
    },
    /** Writes the files of a commit to a directory. False if the repository does not have it. */
    checkOut(commit: string, to: string): boolean {
      const index = commits.get(commit);
      if (index !== undefined) {
        writeFiles(to, main.slice(0, index + 1));
        return true;
      }
      if (!Object.values(state.heads ?? {}).some(({ commit_hash }) => commit_hash === commit)) return false;
      run('tar', ['-x', '-C', to], execFileSync('git', ['-C', hub, 'archive', commit], { env: environmentOfGit() }));
      return true;
    },
  };
}

type Git = (args: readonly string[], input?: string) => string;

function writeFiles(directory: string, commits: typeof main): void {
  for (const [path, text] of commits.flatMap(({ files }) => Object.entries(files))) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

function historyAt(times: readonly number[]): string {
  const commit = (start: string, { subject, files }: (typeof main)[number], at: number, from = ''): string => {
    const who = `Ada Lovelace <ada@example.com> ${Math.floor(at / 1000)} +0000`;
    const blobs = Object.entries(files).map(([path, text]) => `M ${path === 'artisan' ? 100755 : 100644} inline ${path}\n${data(text)}`);
    return [`commit refs/heads/${start}\nauthor ${who}\ncommitter ${who}\n${data(subject)}`, from, ...blobs].join('');
  };
  const newest = times.at(-1) ?? 0;
  return [
    ...main.map((entry, index) => commit(`main\nmark :${index + 1}`, entry, times[index] ?? newest)),
    'reset refs/heads/develop\nfrom refs/heads/main\n\n',
    commit('php-8.4', upgrade, newest + HOUR / 2, 'from refs/heads/main\n'),
  ].join('');
}

const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;

/** The newest commit of each branch, with the oldest version of PHP that its composer.json allows. */
function headsIn(git: Git): Record<string, Head> {
  const refs = git(['for-each-ref', '--format=%(refname:lstrip=2) %(objectname) %(contents:subject)', 'refs/heads']).trim().split('\n');
  const names = refs.map((line) => `${line.split(' ')[1]}:composer.json\n`);
  const [, ...files] = git(['cat-file', '--batch'], names.join('')).split(/^(?:\w+ blob \d+|\S+ missing)$/m);
  return Object.fromEntries(
    refs.map((line, index): [string, Head] => {
      const [branch = '', commit_hash = '', ...subject] = line.split(' ');
      const [php] = /(?<="php":\s*"[^"\d]*)\d+\.\d+/.exec(files[index] ?? '') ?? [];
      return [`${REPOSITORY} ${branch}`, { commit_hash, commit_message: subject.join(' '), php }];
    }),
  );
}

/** Git without the settings of the user and of a repository that dnx runs in, and without sample hooks. */
const environmentOfGit = () => ({ PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TEMPLATE_DIR: '' });

/** Fails with the last line that the program wrote, such as that no space is left. */
function run(file: string, args: readonly string[], input?: string | Buffer): string {
  try {
    return execFileSync(file, args, { env: environmentOfGit(), input: input ?? '', encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    if (!isObject(error) || typeof error.stderr !== 'string') throw error;
    const reason = error.stderr.trim().split('\n').at(-1) || `${file} failed`;
    throw new DnxError('failed', `Could not create the repository of the sandbox: ${reason}`, { cause: error });
  }
}
