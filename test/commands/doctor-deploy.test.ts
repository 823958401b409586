import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Shapes, WatchedShape } from '../../src/base/api-shapes.ts';
import { DAY, MINUTE } from '../../src/base/time.ts';
import { readJson, writeJson } from '../../src/machine/files/text-file.ts';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { pace } from '../support/pace.ts';
import { speak } from '../support/platform.ts';

const bed = perTest(openBed);

const WATCH = 'doctor --api --deploy shop.example.com --out shapes.json';
const POST = `POST /servers/${seeded.servers['web-1']}/sites/${seeded.sites['shop.example.com']}/deploy`;

const shapes = () => JSON.parse(readFileSync(join(bed.directory, 'shapes.json'), 'utf8')) as Shapes;
const runs = () => join(bed.directory, 'state', 'runs');
/** For how long each deployment was seen to show, the first one first. */
const kept = () =>
  readdirSync(runs())
    .sort()
    .map((name) => readJson<{ shown_ms?: number }>(join(runs(), name)).shown_ms);

/** Somebody deploys the shop that many ms from now. */
function deployLater(ms: number): void {
  const { clock, sandbox } = bed;
  clock.at(clock.elapsed() + ms, () => sandbox.deployElsewhere(seeded.sites['shop.example.com']));
}

/** A deployment as the sandbox shows it. */
const usual: WatchedShape = {
  words: ['active', 'deploying', 'active'],
  busy_after_s: 5,
  settled_after_s: 20,
  moves: { last_deployed_at: 'end', updated_at: 'start', release: 'start', live: 'end' },
  releases: 'one',
  webhooks: 'none',
  ended: 'good',
};

describe('doctor --api --deploy', () => {
  test('with --yes starts a deployment after the reads, and records how it showed', async () => {
    const run = await bed.dnx(`${WATCH} --yes`);
    expect(run).toExit(0, { changes: [POST], says: '✓ Deployed shop.example.com in' });
    expect(run.calls.indexOf(POST)).toBeGreaterThan(40);
    expect([shapes().watched, kept()]).toEqual([[usual], [4_500]]);
  });

  test('records a failed one, too, and is no failure itself', async () => {
    bed.sandbox.state.fail_deploys = true;
    await expect(bed.dnx(`${WATCH} --yes`)).toExit(0, { says: '! Deployment of shop.example.com failed' });
    const moves = { last_deployed_at: 'never', updated_at: 'start', release: 'start', live: 'never' };
    expect(shapes().watched).toEqual([{ ...usual, words: ['active', 'deploying', 'failed'], moves, ended: 'bad' }]);
  });

  test('without a terminal and --yes only watches what somebody else starts', async () => {
    deployLater(70_000);
    const run = await bed.dnx(WATCH);
    expect(run).toExit(0, { changes: [], says: 'After that, dnx waits until somebody deploys shop.example.com (web-1)' });
    expect(shapes().watched).toEqual([{ ...usual, busy_after_s: 1, settled_after_s: 2 }]);
  });

  test('reports what it read if nobody deploys', async () => {
    const run = await bed.dnx(`${WATCH} --timeout 30s`);
    expect(run).toExit(124, { changes: [], says: 'Nobody deployed shop.example.com within 30s.' });
    expect(run.stdout).toContain('– No deployment was watched (--deploy SITE): 7 expectations');
    expect([Object.keys(shapes().answers).length, shapes().watched]).toEqual([40, undefined]);
  });

  test.each([
    ['n', []],
    ['y', [POST]],
  ])('asks on a terminal: %s', async (key, changes) => {
    deployLater(100_000);
    const run = await bed.dnx('doctor --api --deploy shop.example.com', { columns: 80, keys: `${key}\r` });
    expect(run).toExit(0, { changes });
    expect(run.stderr).toContain('Deploy shop.example.com (web-1) after that?');
  });

  const cutShort: [string, string, RunOptions, number][] = [
    ['Ctrl-C', '', { interruptOn: 'deploying (' }, 130],
    ['--timeout', ' --timeout 8s', {}, 124],
  ];
  test.each(cutShort)('keeps what was seen until %s, and calls nothing a difference', async (_, option, options, code) => {
    const run = await bed.dnx(`${WATCH} --yes${option}`, options);
    expect(run).toExit(code, { changes: [POST] });
    expect(run.stderr).toContain('dnx watch shop.example.com');
    const moves = { last_deployed_at: 'never', updated_at: 'start', release: 'start', live: 'never' };
    const seen = { words: ['active', 'deploying'], busy_after_s: 5, settled_after_s: null, moves, ended: 'unclear' };
    expect([shapes().watched, kept()]).toEqual([[{ ...usual, ...seen }], [undefined]]);
    expect(run.stdout).not.toContain('#deploy.');
    const resumed = await bed.dnx('watch --json');
    expect(resumed.json().outcome).toBe('succeeded');
  });

  test('waits for a deployment in progress, so that all of the next one is seen', async () => {
    bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']);
    await expect(bed.dnx(`${WATCH} --yes`)).toExit(0, { changes: [POST] });
    expect(shapes().watched).toEqual([usual]);
  });

  test('keeps no status that could be a name', async () => {
    speak(bed, { site: (site) => ({ ...site, status: site.status === 'active' ? 'acme' : site.status }) });
    await expect(bed.dnx(`${WATCH} --yes`)).toExit(0);
    expect(shapes().watched).toEqual([{ ...usual, words: ['other', 'deploying', 'other'] }]);
  });

  test('needs a token that may deploy, and sends nothing with DNX_READ_ONLY', async () => {
    const created = await bed.dnx('token create probe --for "doctor --api --deploy shop.example.com" --dry-run');
    expect(created.stdout).toContain('site:deploy');
    const narrow = await bed.dnx(`${WATCH} --yes`, { env: { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) } });
    expect(narrow).toExit(5, { changes: [POST], says: 'site:deploy' });
    expect([Object.keys(shapes().answers).length, shapes().watched]).toEqual([40, undefined]);
    await expect(bed.dnx(`${WATCH} --yes`, { env: { DNX_READ_ONLY: '1' } })).toExit(5, { calls: [], says: 'was not sent' });
  });

  test('needs --api, but DNX_TIMEOUT does not', async () => {
    await expect(bed.dnx('doctor --deploy shop.example.com')).toExit(2, { says: '--deploy needs --api.' });
    await expect(bed.dnx('doctor', { env: { DNX_TIMEOUT: '5m' } })).toExit(0);
  });
});

describe('after three deployments of a site', () => {
  const DEPLOY = 'deploy shop.example.com --json';
  const quick = { begins: 3_000, runs: 60_000 };
  const queued = { begins: 300_000, runs: 60_000 };

  /** Deploys the shop so many times, each for a minute, and makes the next ones wait for a long time. */
  async function deploySome(times: number, { runs: ms = 60_000, ...options }: RunOptions & { runs?: number } = {}): Promise<void> {
    pace(bed, { ...quick, runs: ms });
    for (let n = 0; n < times; n++) await expect(bed.dnx(DEPLOY, options)).toExit(0);
    pace(bed, queued);
  }

  /** Edits what was kept. */
  function edit(change: (run: object) => unknown): void {
    for (const name of readdirSync(runs())) writeJson(join(runs(), name), change(readJson(join(runs(), name))));
  }

  test.each(['doctor --api --deploy shop.example.com --yes', DEPLOY])(
    'that %s followed, deploy waits for one that has not begun',
    async (line) => {
      pace(bed, quick);
      for (let n = 0; n < 3; n++) await expect(bed.dnx(line)).toExit(0);
      pace(bed, queued);
      const run = await bed.dnx(DEPLOY);
      expect(run).toExit(0);
      expect([run.json().outcome, run.waited > 300_000]).toEqual(['succeeded', true]);
    },
  );

  test('it still ends at --timeout, and tells a failure at once', async () => {
    await deploySome(3);
    for (const timeout of ['91s', '3m']) {
      const run = await bed.dnx(`${DEPLOY} --timeout ${timeout}`);
      expect([run.code, run.json().outcome, run.waited]).toEqual([124, 'timed_out', timeout === '3m' ? 180_000 : 91_000]);
      await bed.clock.sleep(10 * MINUTE);
    }
    bed.sandbox.state.fail_deploys = true;
    const run = await bed.dnx(DEPLOY);
    expect([run.code, run.json().outcome, run.waited < 400_000]).toEqual([1, 'failed', true]);
  });

  test.each([
    ['two', async () => deploySome(2)],
    [
      'three of last week',
      async () => {
        await deploySome(3);
        await bed.clock.sleep(8 * DAY);
      },
    ],
    ['three on another host', async () => deploySome(3, { env: { DNX_HOST: bed.sandbox.url.replace('127.0.0.1', 'localhost') } })],
    [
      'three of another site',
      async () => {
        pace(bed, quick);
        for (let n = 0; n < 3; n++) await expect(bed.dnx('deploy blog.example.com')).toExit(0);
        pace(bed, queued);
      },
    ],
    [
      'three, of which files hold something else',
      async () => {
        await deploySome(3);
        edit((run) => ({ ...run, shown_ms: 'long' }));
      },
    ],
    [
      'three and one that did not show on the site',
      async () => {
        await deploySome(3);
        pace(bed, quick);
        const stop = speak(bed, { site: (site) => ({ ...site, status: 'active' }) });
        await expect(bed.dnx(DEPLOY)).toExit(0);
        stop();
        pace(bed, queued);
      },
    ],
    [
      'three that others started',
      async () => {
        pace(bed, quick);
        for (let n = 0; n < 3; n++) {
          bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']);
          await bed.clock.sleep(4_000);
          await expect(bed.dnx('watch shop.example.com')).toExit(0);
        }
        pace(bed, queued);
      },
    ],
  ])('but not after %s', async (_, before) => {
    await before();
    const run = await bed.dnx(DEPLOY);
    expect([run.json().outcome, run.waited < 100_000]).toEqual(['unknown', true]);
  });

  test('it takes none for waiting that it may have missed', async () => {
    await deploySome(3, { runs: 40_000 });
    const { faults } = bed.sandbox;
    /** Loses the first polls, which are 26 seconds. */
    const through = (network: Transport): Transport => ({
      ...network,
      async request(request) {
        const response = await network.request(request);
        if (request.method === 'POST') faults.next({ method: 'GET', path: '/servers/{server}/sites/{site}' }, { status: 502 }, 4);
        return response;
      },
    });
    const run = await bed.dnx(DEPLOY, { through });
    expect([run.json().outcome, run.waited < 150_000]).toEqual(['unknown', true]);
  });

  test('nor while the computer slept', async () => {
    await deploySome(3);
    const { clock } = bed;
    clock.at(clock.elapsed() + 30_000, () => {
      clock.ahead += 5 * MINUTE;
    });
    const run = await bed.dnx(DEPLOY);
    expect([run.json().outcome, run.waited < 150_000]).toEqual(['unknown', true]);
  });
});
