import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { build } from '../ssh/why/build.ts';
import { composer } from '../ssh/why/composer.ts';
import { database } from '../ssh/why/database.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { database as databases } from './why/database.ts';
import { others } from './why/others.ts';
import { thrown, unknown } from './why/unknown.ts';

const id = seeded.sites['api.example.com'];

let bed: Bed;
beforeAll(async () => {
  bed = await openBed({ rateLimit: 0 });
});
afterAll(() => bed.close());

/** What dnx says of the whole log of a deployment, on stdin. */
async function judged(log: string): Promise<Diagnosis> {
  const run = await bed.dnx(`why ${id} --server ${seeded.servers['web-2']} --url ${bed.sandbox.url} --log - --json`, { stdin: log });
  expect(run.code, run.stderr).toBe(0);
  return run.json<Diagnosis>();
}

describe('names the cause of a deployment', () => {
  test.each([...databases, ...others])('%s', async (_, cause, log) => {
    const found = await judged(log);
    expect(found.cause, JSON.stringify(found.evidence, null, 1)).toBe(cause);
    const { line, line_number: number } = found.evidence[0] ?? {};
    const [start = ''] = (line ?? '').split(/\*\*\*|…/);
    const quoted = log.split('\n')[(number ?? 0) - 1]?.trim() ?? '';
    expect(quoted !== '' && (quoted.includes(start) || start.includes(quoted)), line).toBe(true);
  });

  const planted = [...composer, ...database, ...build].flatMap(({ state, ...known }) => {
    const log = Object.keys(state.files ?? {}).length === 1 ? state.files?.['logs/deploy.log'] : undefined;
    return typeof log === 'string' ? [[known.name, { ...known, site: state.site ?? {}, log }] as const] : [];
  });
  test.each(planted)('%s', async (_, { cause, title, line, fix, resolved, site, log }) => {
    const record = bed.sandbox.state.sites.find((each) => each.id === id);
    Object.assign(record ?? {}, { php_version: '8.3', ...site });
    const found = await judged(log);
    expect(found.cause, JSON.stringify(found.evidence, null, 1)).toBe(cause);
    expect(found.title).toContain(title);
    expect(found.evidence[0]?.line).toContain(line);
    expect(`${found.fixes[0]?.command ?? ''} ${found.fixes[0]?.why ?? ''}`).toContain(fix);
    expect(found.resolved ?? '').toContain(resolved ?? '');
    expect(found.resolved === null).toBe(resolved === undefined);
  });
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
  expect((await own.dnx('deploy shop.example.com')).code).toBe(1);
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

test.each(thrown)('names the exception of %s, and no cause of its words', async (_, title, log) => {
  const found = await judged(log);
  expect([found.cause, found.title], JSON.stringify(found.evidence, null, 1)).toEqual(['command_exception', title]);
});

test.each(unknown)('names no cause of %s', async (_, log) => {
  const found = await judged(log);
  expect([found.outcome, found.cause], JSON.stringify(found.evidence, null, 1)).toEqual(['unknown', null]);
});
