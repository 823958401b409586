import { beforeEach, describe, expect, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openLimitedBed } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';
import { shopIn } from '../support/watched.ts';

const shop = `${seeded.sites['shop.example.com']} --server ${seeded.servers['web-1']}`;
/** More than this many requests of 60 leave nothing to optional data. */
const FREE = 50;

const bed = perTest(openLimitedBed);
const web = perTest(() => openElsewhere((_, response) => response.writeHead(200).end()));
beforeEach(() => {
  const queue = bed.sandbox.state.queues.find(({ site_id }) => site_id === shopIn(bed).id);
  Object.assign(queue ?? {}, { status: 'failed' });
});

const why = (words = '') => bed.dnx(`why ${shop} --url ${web.url}/ ${words}`);
const status = (words = '') => bed.dnx(`status ${shop} ${words}`, { columns: 100, env: { NO_COLOR: '1' } });

/** Uses up this many requests: a list of all sites takes one more than there are servers. */
async function use(count: number): Promise<void> {
  const most = bed.sandbox.state.servers.length + 1;
  for (const line of [...Array(Math.floor(count / most)).fill('site list'), ...Array(count % most).fill('server list')])
    await expect(bed.dnx(line)).toExit(0);
  expect(bed.sandbox.calls).toHaveLength(count);
}

describe.each(leading([FREE + 1, FREE + 8, FREE + 5], 2))('with %i of 60 requests used', (used) => {
  beforeEach(() => use(used));

  test('why waits, and finds what is wrong', async () => {
    const run = await why('--json');
    expect([run.code, run.json<Diagnosis>().cause, run.waited < 120_000], run.stderr).toEqual([0, 'workers_stopped', true]);
    expect(run.json<Diagnosis>().unknown.map(({ what }) => what)).toEqual(['server logs and state']);
  });

  test('status waits, and shows everything', async () => {
    const run = await status();
    expect([run.code, run.stdout, run.stdout.includes('–')]).toEqual([0, expect.stringMatching(/^Workers +.*1 failed/m), false]);
  });
});

describe.each(['why', 'status'])('%s', (command) => {
  const run = (words: string) => (command === 'why' ? why(words) : status(words));

  test('waits no longer than --max-wait, and advises no other option', async () => {
    await use(FREE + 8);
    await expect(run('--max-wait 5s')).toExit(9, { stdout: '', waited: 0, says: ', or use a longer --max-wait.' });
  });

  test.each([
    ['fails', { status: 500, body: { message: 'Server Error' } }, 1],
    ['is no list', { status: 200, body: { message: 'Scheduled maintenance' } }, 1],
    ['is lost', 'drop', 13],
  ] as const)('says which list %s, and fails', async (_, reply, code) => {
    bed.sandbox.faults.always({ path: /\/queues$/ }, reply);
    const failed = await run('');
    expect(failed).toExit(code, { stderr: expect.stringMatching(/Error: Could not read workers of shop\.example\.com: /) });
    expect(failed.stdout).toMatch(command === 'why' ? /^ +unknown +workers: /m : /^Workers +not read: /m);
    expect(failed.stdout).not.toContain('Nothing is wrong');
  });
});

test('why does not say that nothing is wrong if the token cannot read workers', async () => {
  const run = await bed.dnx(`why ${shop} --url ${web.url}/ --json`, {
    env: { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read', 'certificate:read']) },
  });
  const { outcome, title, unknown } = run.json<Diagnosis>();
  expect([run.code, outcome, title]).toEqual([5, 'unknown', 'No cause found, but not everything could be read']);
  expect(unknown[0]).toEqual({ what: 'workers', why: 'needs queue-worker:read', fix: null });
});

test.each([
  ['site show shop.example.com --server web-1', /^(Release|Certificate) +not read: Rate limited/m],
  ['server show web-1 --fields name,sites', /not read: Rate limited|^\S+ +\S/m],
])('%s says what it did not read', async (line, words) => {
  await use(FREE + 4);
  await expect(bed.dnx(line, { columns: 120, env: { NO_COLOR: '1' } })).toExit(0, { stdout: expect.stringMatching(words) });
});
