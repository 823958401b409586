import { expect, onTestFinished, test } from 'vitest';
import { HOUR } from '../../src/base/time.ts';
import { releasesOf } from '../../src/features/deploy/release.ts';
import { unitsIn } from '../../src/features/remote/units.ts';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { type Facts, incidentOf } from '../../src/features/why/facts.ts';
import { causes, chooseCause } from '../../src/features/why/judge.ts';
import { logOfText } from '../../src/features/why/server/read.ts';
import { serverStateIn } from '../../src/features/why/server/state.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { facts, incident, verdictOn } from './why/facts.ts';
import { passed, thrown, unknown } from './why/logs.ts';
import { outputs } from './why/outputs.ts';
import { sites, verdictOnSite } from './why/sites.ts';

const bed = perSuite(() => openBed());

/** What dnx says of a log on stdin. */
async function judged(log: string, site: 'api.example.com' | 'blog.example.com' = 'api.example.com'): Promise<Diagnosis> {
  const run = await bed.dnx(
    ['why', seeded.sites[site], '--server', site.startsWith('api') ? 'web-2' : 'web-1', '--url', bed.sandbox.url, '--log', '-', '--json'],
    { stdin: log },
  );
  expect(run).toExit(0);
  return run.json<Diagnosis>();
}

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
    'migration_cast',
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

test.each(outputs)('a line of a log shows %s: %s', (id, line, said = '') => {
  const found = verdictOn(`Starting\n${line}\n`, causes.find((cause) => cause.id === id)?.about);
  expect([found?.cause?.id, found?.lines[0]?.number]).toEqual([id, 2]);
  expect(
    [found?.cause?.title, ...(found?.fixes ?? []).map(({ command, why }) => `${why}: dnx ${command?.join(' ')}`)].join('\n'),
  ).toContain(said);
});

test('there is an output for every cause that a line shows', () => {
  const shown = new Set(outputs.map(([cause]) => cause));
  // Their messages have several lines, or depend on the releases: see test/ssh/why-site.test.ts.
  const quoted = ['composer_plugin', 'route_name', 'node_exception', 'command_exception', 'code_stale'];
  const patterned = causes.filter(({ patterns = [] }) => patterns.length > 0).map(({ id }) => id);
  const missing = patterned.filter((id) => !shown.has(id) && !quoted.includes(id));
  expect(missing, 'Add a line of real output of each to test/commands/why/outputs.ts').toEqual([]);
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
  ['a service that runs', '[25-Nov-2026 03:10:12] NOTICE: fpm is running, pid 28472'],
  ['a user who types a word of PostgreSQL', 'Search for "function date_format(x) does not exist" gave 0 results'],
  ['a package that is named like a program', 'Setting up git-lfs (3.6.1-1) ...'],
  ['what Git LFS downloads', 'Downloading LFS objects:  50% (1/2), 3.0 KB | 0 B/s'],
  ['an API that refuses a request', 'Client error: `GET https://api.example.com/v1` resulted in a `403 Forbidden` response'],
  ['a success', '  2026_11_20_120000_add_fail_to_orders ............................... 14.61ms DONE'],
])('%s is no cause', async (_, line) => {
  const found = await judged(`${line}\nExit status 3\n`);
  expect([found.outcome, found.cause]).toEqual(['unknown', null]);
});

test.each([
  ['stale', 'in the directory of a release', { seconds: 60, old: true }, true],
  ['stale', 'before the live release', { seconds: 3 * 86_400, old: false }, true],
  ['current', 'after it', { seconds: 3600, old: false }, false],
])('a worker is %s if it began %s', (_, __, worker, stale) => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  const releases = releasesOf([{ id: 1, name: '20261124_031005', active: true, created_at: '2026-11-24T03:10:05Z' }]);
  const machine = { ...serverStateIn([]), workers: [{ ...worker, directory: '/home/deploynix/shop', command: 'artisan horizon' }] };
  const answer = { url: 'https://shop.example.com/', status: 200, error: null, reason: null, duration_ms: 90 };
  const verdict = (more: Partial<Facts>) =>
    chooseCause({ ...facts, now, releases, machine, answer, ...more }, { ...incident, kind: 'site', from: now - HOUR, to: now });
  const found = verdict({});
  expect([found?.cause?.id, found?.fixes[0]?.command?.at(-1)]).toEqual(
    stale ? ['worker_stale', 'horizon:terminate'] : [undefined, undefined],
  );
  // It does not explain why a site is down, and may finish its job after a deployment.
  expect(verdict({ answer: { ...answer, status: 500 } })?.cause).toBe(undefined);
  expect(verdict({ now: Date.parse('2026-11-24T03:15:05Z') })?.cause).toBe(undefined);
});

test.each([
  ['failed', 'fpm_config'],
  ['active', undefined],
])('a configuration of PHP-FPM that is not valid explains a site that is down if the service is %s', (state, cause) => {
  const text = "[25-Nov-2026 03:10:12] ERROR: [/etc/php/8.4/fpm/pool.d/www.conf:13] unknown entry 'nonsense'\n";
  const now = Date.parse('2026-11-25T03:20:00Z');
  const machine = { ...serverStateIn([]), services: unitsIn(`Id=php8.4-fpm.service\nActiveState=${state}\n`) };
  const answer = { url: 'https://shop.example.com/', status: 502, error: null, reason: null, duration_ms: 90 };
  const log = { ...logOfText('php', text, { zone: 'Z', now }), modified: now };
  const found = chooseCause({ ...facts, now, machine, answer, logs: [log] }, { ...incident, kind: 'site', from: now - HOUR, to: now });
  expect(found?.cause?.id).toBe(cause);
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
  const found = await judged('npm error code ERESOLVE\n', 'blog.example.com');
  expect(found).toMatchObject({ outcome: 'known', cause: 'npm_conflict', subject: 'site' });
});

test.each([
  ['STRIPE_WEBHOOK_SECRET', 'Missing environment variable: STRIPE_WEBHOOK_SECRET'],
  ['APP_KEY', 'No application encryption key has been specified.'],
])('says that the missing variable %s was set meanwhile, and that this needs only a deployment', async (key, line) => {
  const own = await openBed();
  onTestFinished(() => own.close());
  const { environment_variables: variables, sites } = own.sandbox.state;
  const shop = sites.find(({ domain }) => domain === 'shop.example.com')?.id;
  const old = variables.findIndex((each) => each.site_id === shop && each.key === key);
  if (old >= 0) variables.splice(old, 1);
  own.sandbox.state.fail_deploys = true;
  await expect(own.dnx('deploy shop.example.com')).toExit(1);
  const why = async () => {
    const run = await own.dnx(`why shop.example.com --url ${own.sandbox.url} --log - --json`, { stdin: `Deploying\n${line}\n` });
    return run.json<Diagnosis>();
  };
  const set = async (value: string) => expect((await own.dnx(`env set ${key}=${value} --site shop.example.com`)).code).toBe(0);

  const before = await why();
  expect([before.resolved, before.fixes[0]?.command]).toEqual([null, expect.not.stringContaining('deploy ')]);
  await set('');
  expect((await why()).resolved).toBe(null);
  await set('whsec_1');
  const after = await why();
  expect(after.resolved).toBe('the site has it now');
  expect(after.fixes.map(({ command }) => command)).toEqual([expect.stringContaining('dnx deploy')]);
  // What the site had before the deployment failed is not why it would succeed.
  const variable = variables.find((each) => each.site_id === shop && each.key === key);
  Object.assign(variable ?? {}, { updated_at: '2020-01-01T00:00:00Z' });
  expect((await why()).resolved).toBe(null);
});

test.each(thrown)('names the exception of %s, and no cause of its words', (_, title, log) => {
  expect(verdictOn(log)?.cause).toEqual({ id: 'command_exception', title });
});

test.each(unknown)('names no cause of %s', (_, log) => {
  expect(verdictOn(log)).toMatchObject({ cause: undefined, lines: expect.any(Array) });
});

test.each(passed)('names the cause of a deployment that got past other failures: %s', (_, cause, log) => {
  expect(verdictOn(log)?.cause?.id).toBe(cause);
});

test('blames nothing for a deployment that happened after it', () => {
  const now = Date.parse('2026-11-25T12:00:00Z');
  const [release] = releasesOf([
    { id: 1, name: '20261125_113000', status: 'failed', created_at: '2026-11-25T11:30:00Z', finished_at: '2026-11-25T11:33:00Z' },
  ]);
  const causeAt = (time: string) => {
    const text = `[2026-11-25 ${time}] production.ERROR: SQLSTATE[HY000] [2002] Connection refused (Connection: mysql, SQL: select 1)\n`;
    const log = { ...logOfText('laravel', text, { zone: 'Z', now }), modified: now };
    const state: Facts = { ...facts, now, releases: release ? [release] : [], logs: [log] };
    return chooseCause(state, incidentOf(state))?.cause?.id;
  };
  expect([causeAt('11:32:00'), causeAt('11:50:00')]).toEqual(['database_refused', undefined]);
});

test.each(sites)('judges a site beside %s', (_, cause, site) => {
  expect(verdictOnSite(site)?.cause?.id).toBe(cause);
});

test('says that the site runs the PHP by now that a deployment lacked, and that this needs only a deployment', async () => {
  const own = await openBed();
  onTestFinished(() => own.close());
  const site = own.sandbox.state.sites.find(({ domain }) => domain === 'api.example.com');
  Object.assign(site ?? {}, { php_version: '8.4' });
  const stdin = 'Root composer.json requires php ^8.4 but your php version (8.2.29) does not satisfy that requirement.\n';
  const { resolved, fixes } = (await own.dnx(`why api.example.com --url ${own.sandbox.url} --log - --json`, { stdin })).json<Diagnosis>();
  expect([resolved, fixes.map(({ command }) => command)]).toEqual([
    'the site runs PHP 8.4 now',
    ['dnx deploy api.example.com --server web-2'],
  ]);
});
