import { beforeEach, expect, test } from 'vitest';
import type { AuditFinding } from '../../src/features/audit/finding.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { one, plants } from '../support/audited.ts';
import { openCleanBed } from '../support/clean.ts';
import { type RunOptions, split } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { signIn } from '../support/sign-in.ts';
import { sampled } from '../support/volume.ts';

const bed = perSuite(openCleanBed);
beforeEach(() => bed.reset());

const MINUTE = 60_000;

async function audit(options: RunOptions = {}): Promise<readonly AuditFinding[]> {
  return (await bed.dnx('audit --json', options)).json<AuditFinding[]>();
}

/** Types the fix of a finding, and confirms if that is required. The sites answer nothing. */
async function apply({ fix }: AuditFinding, options: RunOptions = {}) {
  const [program, ...words] = split(fix?.command ?? '');
  expect(program).toBe('dnx');
  const run = await bed.dnx(words, { elsewhere: () => {}, ...options });
  const confirmed = run.code === 2 && run.stderr.includes('Use --yes') ? await bed.dnx([...words, '--yes'], options) : run;
  await bed.clock.sleep(MINUTE);
  return confirmed;
}

/** Fixes that lead to the cause, because the API has no command for it. */
const looks = ['a certificate of a server that ends', 'PHP past its end on a server', 'a failed deployment'];

/** Those of previews need a clone: `preview-sweep.test.ts` and `preview-up.test.ts` run their commands. */
const here = Object.keys(plants).filter((name) => !name.startsWith('a preview'));

test.each(sampled(here, 4, 35))('the fix of %s is a command that works', async (name) => {
  plants[name]?.plant(bed.sandbox.state, bed.clock.now());
  const [finding] = await audit();
  if (!finding) throw new Error('nothing was found');
  const run = await apply(finding);
  expect(run.code, `${finding.fix?.command}\n${run.stderr}`).toBe(0);
  expect((await audit()).length).toBe(looks.includes(name) ? 1 : 0);
});

/** Names that mean something else on a command line. */
const names = [
  '--yes',
  '42',
  '01JQ8Z4T9G00000000000WEB09',
  'shop example',
  "o'hara",
  '$(id)',
  'a;b',
  '*',
  'web-1/shop',
  'shop.example.com',
];

test.each(sampled(names, 1, 58))('with everything called %s, the fixes are commands that work', async (name) => {
  const { state } = bed.sandbox;
  for (const fault of ['a stopped worker', 'a stopped daemon', 'a database without a backup', 'PHP past its end on a site'])
    plants[fault]?.plant(state, bed.clock.now());
  plants['a key that a server lacks']?.plant(state, bed.clock.now());
  one(state.servers, ({ id }) => id === seeded.servers['web-1']).name = name;
  one(state.queues, ({ status }) => status === 'stopped').queue = name;
  one(state.databases, ({ id }) => id === seeded.databases.blog).name = name;
  one(state.daemons).command = name;
  for (const each of state.ssh_keys) each.name = name;
  const found = await audit();
  expect(found).toHaveLength(5);
  for (const finding of found) {
    const run = await apply(finding);
    expect(run.code, `${finding.fix?.command}\n${run.stderr}`).toBe(0);
  }
  expect(await audit()).toEqual([]);
});

test('the fix of a server that is called like a site opens the server', async () => {
  const { state } = bed.sandbox;
  plants['PHP past its end on a server']?.plant(state, bed.clock.now());
  one(state.servers, ({ id }) => id === seeded.servers['web-2']).name = 'shop.example.com';
  const [finding] = await audit();
  const run = finding && (await apply(finding));
  expect([run?.code, run?.stdout]).toEqual([0, `${bed.sandbox.url}/servers/${seeded.servers['web-2']}\n`]);
});

test('two sites of one domain on one server are told apart', async () => {
  const { state } = bed.sandbox;
  const shop = one(state.sites);
  const twin = { ...shop, id: '01JQ8Z4T9G0000000000ST9999', zero_downtime_enabled: false, domain: 'shop.example.com' };
  state.sites.push(twin);
  const certificate = one(state.certificates, ({ site_id }) => site_id === shop.id);
  state.certificates.push({ ...certificate, id: '01JQ8Z4T9G00000000CERT0099', site_id: twin.id });
  const [finding, ...others] = await audit();
  expect([finding?.rule, others]).toEqual(['zero-downtime-off', []]);
  if (finding) await expect(apply(finding)).toExit(0);
  expect(await audit()).toEqual([]);
});

test.each([
  ['DNX_TOKEN', 'dnx token create audit --for audit'],
  ['a stored token', 'dnx auth refresh --for audit'],
])('what %s cannot read is named with one command for all of it', async (where, command) => {
  const abilities = ['server:read', 'site:read', 'certificate:read', 'database:read'];
  const token = bed.sandbox.mint(abilities);
  const stored = where !== 'DNX_TOKEN';
  // It is in use no longer.
  one(bed.sandbox.state.tokens, ({ name }) => name === 'Sandbox').abilities = ['site:read'];
  const options = { env: { DNX_TOKEN: stored ? '' : token } };
  if (stored) await expect(signIn(bed, 'login --with-token', { stdin: token })).toExit(0);
  const found = await audit(options);
  expect([...new Set(found.map(({ severity, fix }) => `${severity} ${fix?.command}`))]).toEqual([`not_checked ${command}`]);
  expect(found).toHaveLength(4);
  const [finding] = found;
  const run = finding && (await apply(finding, options));
  expect(run?.code, run?.stderr).toBe(0);
  const better = stored ? '' : (run?.stdout.trim() ?? '');
  expect(await audit({ env: { DNX_TOKEN: better } })).toEqual([]);
});
