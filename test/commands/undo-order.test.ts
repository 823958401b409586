import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/features/plan/history.ts';
import { NetworkFault } from '../../src/machine/world.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());

const sent = ({ calls }: Run) => calls.filter((call) => !call.startsWith('GET '));
const siteNow = (name: string) => bed.sandbox.state.sites.find(({ domain }) => domain === name) ?? {};
const nameNow = () => bed.sandbox.state.servers[0]?.name;
const file = () => join(bed.directory, 'state/history.jsonl');
const list = async () => (await bed.dnx('history --json')).json<PastRun[]>();
const latest = async () => (await list())[0]?.id ?? '';

/** Runs a line that must succeed. */
async function change(line: string): Promise<Run> {
  const run = await bed.dnx(line);
  expect(run.code, `${line}: ${run.stderr}`).toBe(0);
  return run;
}

const rename = (from: string, to: string) => change(`server update ${from} --name ${to}`);

/** A connection that is cut once such a request was sent. */
function cutAfter(method: string): RunOptions {
  let isCut = false;
  return {
    through: (network) => ({
      ...network,
      async request(request) {
        if (isCut) throw new NetworkFault('the connection was cut', { sent: false, reason: 'ECONNRESET' });
        const response = await network.request(request);
        isCut = request.method === method;
        if (isCut) throw new NetworkFault('the connection was cut', { sent: true, reason: 'ECONNRESET' });
        return response;
      },
    }),
  };
}

describe('an entry of the history', () => {
  test('has a short id that later commands do not change', async () => {
    await rename('web-1', 'web-8');
    const id = await latest();
    expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{5}$/);
    await rename('web-8', 'web-9');
    expect((await bed.dnx('history')).stdout).toMatch(new RegExp(`^ID .*\\n(?!${id}).*\\n${id} `));
    expect((await bed.dnx(`history show ${id}`)).stdout).toContain('web-1 → web-8');
    await change('site suspend shop.example.com --yes');
    await change('site suspend blog.example.com --yes');
    expect(sent(await change(`undo ${(await list())[1]?.id} --yes`))).toEqual([expect.stringMatching(/SH0P1\/resume$/)]);
  });

  test('is found by a beginning of its id that no other one has', async () => {
    await rename('web-1', 'web-8');
    const id = await latest();
    const line = readFileSync(file(), 'utf8');
    expect((await bed.dnx(`history show ${id.slice(0, 2).toUpperCase()}`)).stdout).toContain('web-1 → web-8');
    writeFileSync(file(), `${line}${line.replaceAll(id, `${id.slice(0, 4)}~`)}`);
    await expect(bed.dnx(`history show ${id.slice(0, 4)}`)).toExit(6, { says: id });
  });

  test('has another id than one at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, at) => change(`crontab create 'date ${at}' --frequency '0 3 * * *' --server web-1`)));
    expect(new Set((await list()).map(({ id }) => id)).size).toBe(20);
  });
});

describe('dnx undo', () => {
  test('goes further back each time, and dnx redo returns', async () => {
    await rename('web-1', 'web-2b');
    await rename('web-2b', 'web-3b');
    await rename('web-3b', 'web-4b');
    const names = [];
    for (const line of ['undo', 'undo', 'redo', 'redo', 'undo', 'undo', 'undo']) {
      await change(`${line} --yes`);
      names.push(nameNow());
    }
    expect(names).toEqual(['web-3b', 'web-2b', 'web-3b', 'web-4b', 'web-3b', 'web-2b', 'web-1']);
    await expect(bed.dnx('undo --yes')).toExit(6, { says: 'Nothing to undo' });
    for (const name of ['web-2b', 'web-3b', 'web-4b']) {
      await change('redo --yes');
      expect(nameNow()).toBe(name);
    }
    await expect(bed.dnx('redo --yes')).toExit(6, { says: 'Nothing to redo' });
  });

  test('goes back through what was created, changed and deleted', async () => {
    const { crontabs } = bed.sandbox.state;
    const wanted = crontabs.map(({ command, frequency }) => [command, frequency]);
    await change("crontab create date --frequency '0 3 * * *' --server web-1");
    await bed.clock.sleep(2_000);
    await change("crontab update date --frequency '0 4 * * *' --server web-1");
    await bed.clock.sleep(2_000);
    await change('crontab delete date --yes --server web-1');
    for (let times = 0; times < 3; times++) {
      await bed.clock.sleep(2_000);
      await change('undo --yes');
    }
    expect(bed.sandbox.state.crontabs.map(({ command, frequency }) => [command, frequency])).toEqual(wanted);
    for (const frequency of ['0 3 * * *', '0 4 * * *', undefined]) {
      await bed.clock.sleep(2_000);
      await change('redo --yes');
      expect(bed.sandbox.state.crontabs.find(({ command }) => command === 'date')?.frequency).toBe(frequency);
    }
  });

  test('skips deployments, restarts and sessions, and says so', async () => {
    await rename('web-1', 'web-9');
    const ids = [];
    for (const line of [
      'deploy shop.example.com',
      'server restart web-9 --yes',
      "token lease --for 'site list' -- true",
      'agent run -- true',
    ]) {
      await change(line);
      ids.push(await latest());
    }
    const run = await change('undo --yes');
    expect([nameNow(), run.stderr.match(/Skipped \w+/g)]).toEqual(['web-1', ids.reverse().map((id) => `Skipped ${id}`)]);
    expect(run.stderr).toMatch(/Skipped \w+: deploy shop\.example\.com \(web-9\)\. Roll back with dnx rollback/);
  });

  test('does not delete what it cannot bring back to its last value', async () => {
    const env = { DNX_TOKEN: bed.sandbox.token };
    for (const value of [1, 2]) await expect(bed.dnx(`env set blog.example.com KEY=${value}`, { env })).toExit(0);
    const run = await bed.dnx('undo --yes', { env });
    expect([run.code, sent(run)], run.stderr).toEqual([1, []]);
    expect(run.stderr).toMatch(/Skipped (\w+): update variable KEY .*\nSkipped \w+: create variable KEY .*\. \1 changed it since\.\n/);
    expect((await bed.dnx('env get blog.example.com KEY')).stdout).toBe('2\n');
  });

  test('says why nothing can be redone', async () => {
    const env = { DNX_TOKEN: bed.sandbox.token };
    for (const line of ['env set blog.example.com KEY=1', 'undo --yes']) await expect(bed.dnx(line, { env })).toExit(0);
    await expect(bed.dnx('redo --yes', { env })).toExit(1, { stderr: expect.stringMatching(/Nothing to redo: .*DNX_TOKEN is set\./) });
  });

  test('names an undo and what it took back', async () => {
    await rename('web-1', 'web-9');
    const id = await latest();
    await change('undo --yes');
    const [undone] = await list();
    expect(undone).toMatchObject({ command: `dnx undo ${id}`, undoes: id });
    await expect(bed.dnx(`undo ${undone?.id} --yes`)).toExit(2, { says: `dnx redo ${id}` });
    expect((await change(`undo ${id} --yes`)).stdout).toBe(`${id} was already undone.\n`);
    await change(`redo ${id} --yes`);
    expect(nameNow()).toBe('web-9');
  });

  test('exits with 12 if a part stays, and then goes further back', async () => {
    await rename('web-1', 'web-9');
    await change('env set shop.example.com NEW=1 --deploy');
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run)]).toEqual([12, [expect.stringMatching(/^DELETE .*environment-variables/)]]);
    expect(run.stderr).toContain('Stays: deploy shop.example.com (web-9)');
    await change('undo --yes');
    expect(nameNow()).toBe('web-1');
  });

  test('goes on after an interruption', async () => {
    await change('site suspend shop.example.com blog.example.com --yes');
    bed.sandbox.faults.next({ method: 'POST', path: /SH0P1\/resume/ }, { status: 422, body: { message: 'No.' } });
    const first = await bed.dnx('undo --yes');
    expect([first.code, sent(first).length]).toEqual([12, 2]);
    const second = await change('undo --yes');
    expect(sent(second)).toEqual([expect.stringMatching(/SH0P1\/resume$/)]);
    expect(bed.sandbox.state.sites.filter(({ domain, status }) => /^(shop|blog)/.test(domain) && status === 'suspended')).toEqual([]);
    const third = await change('redo --yes');
    expect(sent(third)).toEqual([expect.stringMatching(/SH0P1\/suspend$/), expect.stringMatching(/B10G1\/suspend$/)]);
  });

  test('finds out what became of a request whose response was lost', async () => {
    await rename('web-1', 'web-9');
    const first = await bed.dnx('undo --yes', cutAfter('PUT'));
    expect([first.code, sent(first).length, nameNow()]).toEqual([13, 1, 'web-1']);
    const second = await change('undo --yes');
    expect([sent(second), second.stderr]).toEqual([[], expect.stringContaining('Was performed before')]);
    await expect(bed.dnx('undo --yes')).toExit(6);
    expect(await list()).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }]);
  });

  test('asks about one that nobody knows, as dnx apply does', async () => {
    await expect(bed.dnx('git-repository enable-auto-deploy example/blog', { env: { DNX_NO_HISTORY: '1' } })).toExit(0);
    await change('git-repository disable-auto-deploy example/blog');
    await expect(bed.dnx('undo --yes', cutAfter('POST'))).toExit(13);
    const readable = bed.sandbox.faults.always(
      { method: 'GET', path: /git-repositories/ },
      { status: 403, body: { message: 'Forbidden.' } },
    );
    await expect(bed.dnx('undo --yes')).toExit(13, { says: '--in-flight done' });
    readable();
    await change('undo --yes --in-flight done');
    await expect(bed.dnx('undo --yes')).toExit(6);
    expect((await list())[0]).toMatchObject({ outcome: 'applied' });
  });

  test('with --dry-run, refuses what undo refuses, and saves nothing', async () => {
    await rename('web-1', 'web-9');
    const plan = await bed.dnx('undo --dry-run --out plan.json');
    expect([plan.code, existsSync(join(bed.directory, 'state/plans'))]).toEqual([0, false]);
    rmSync(join(bed.directory, 'plan.json'));
    Object.assign(bed.sandbox.state.servers[0] ?? {}, { name: 'web-5' });
    const dry = await bed.dnx('undo --dry-run --out plan.json');
    const real = await bed.dnx('undo --yes');
    expect([dry.code, dry.stderr, sent(dry), existsSync(join(bed.directory, 'plan.json'))]).toEqual([10, real.stderr, [], false]);
    expect(real).toExit(10);
  });

  test('needs the history, which has what was taken back', async () => {
    await rename('web-1', 'web-9');
    await expect(bed.dnx('undo --yes', { env: { DNX_NO_HISTORY: '1' } })).toExit(2, { calls: [], says: 'Unset DNX_NO_HISTORY' });
  });

  test('goes further back past what was deleted since', async () => {
    await rename('web-1', 'web-9');
    await change('env set shop.example.com A=1');
    await change('env unset shop.example.com A --yes');
    const run = await change('undo --yes');
    expect([sent(run), nameNow()]).toEqual([[expect.stringMatching(/^PUT /)], 'web-1']);
    expect(run.stderr).toMatch(/Skipped \w{5}: create variable A .* It was deleted by \w{5}\./);
  });

  test.each<[string, () => void]>([
    ['site suspend shop.example.com --yes', () => Object.assign(siteNow('shop.example.com'), { status: 'active' })],
    [
      'site schedule blog.example.com --in 3h',
      () => Object.assign(siteNow('blog.example.com'), { scheduled_deploy_at: '2026-05-01T00:00:00Z' }),
    ],
    ['site schedule blog.example.com --in 3h', () => Object.assign(siteNow('blog.example.com'), { scheduled_deploy_at: null })],
  ])('leaves alone what somebody changed since %s', async (line, others) => {
    await change(line);
    others();
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run), run.stderr]).toEqual([10, [], expect.stringContaining('it was changed since')]);
  });

  test('takes back or leaves out a change whose response was lost, as the user says', async () => {
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    await expect(bed.dnx('site suspend shop.example.com --yes')).toExit(13);
    await expect(bed.dnx('undo --yes')).toExit(10, { says: '--in-flight done' });
    expect(sent(await change('undo --yes --in-flight done'))).toEqual([expect.stringMatching(/SH0P1\/resume$/)]);
  });

  test('goes further back, too, if its plan is applied from a file', async () => {
    await rename('web-1', 'web-2b');
    await rename('web-2b', 'web-3b');
    for (const name of ['web-2b', 'web-1']) {
      await change('undo --dry-run --out plan.json');
      await change('apply plan.json --yes');
      expect(nameNow()).toBe(name);
    }
    await change('redo --yes');
    expect(nameNow()).toBe('web-2b');
  });

  test('believes no plan that says to take back something else', async () => {
    await rename('web-1', 'web-9');
    await change('site suspend shop.example.com --yes');
    const id = (await list())[0]?.id ?? '';
    await change('undo --dry-run --out plan.json');
    const plan = join(bed.directory, 'plan.json');
    await change('undo --yes');
    await change('redo --yes');
    writeFileSync(plan, readFileSync(plan, 'utf8').replace(`"run": "${id}"`, `"run": "${(await list()).at(-1)?.id}"`));
    await change('apply plan.json --yes');
    // It is a change of its own.
    expect(sent(await change('undo --yes'))).toEqual([expect.stringMatching(/suspend$/)]);
    await change('undo --yes');
    await change('undo --yes');
    expect(nameNow()).toBe('web-1');
  });

  test('refuses a command whose first changes are no longer in the history', async () => {
    await change('site suspend shop.example.com blog.example.com --yes');
    const lines = readFileSync(file(), 'utf8').split('\n');
    writeFileSync(file(), lines.filter((line) => !line.includes('"n":0')).join('\n'));
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run), run.stderr]).toEqual([1, [], expect.stringContaining('1 of its changes is no longer in the history')]);
  });

  test('takes back what this profile did', async () => {
    await rename('web-1', 'web-9');
    const id = await latest();
    writeFileSync(file(), readFileSync(file(), 'utf8').replaceAll('"profile":"default"', '"profile":"work"'));
    await expect(bed.dnx('undo --yes')).toExit(6);
    await expect(bed.dnx(`undo ${id} --yes`)).toExit(2, { says: '--profile work' });
  });
});

describe('what is created again', () => {
  const update = (change: (text: string) => string) => writeFileSync(file(), change(readFileSync(file(), 'utf8')));

  test('has every field that was read, and says what Deploynix did not take', async () => {
    await change("daemon create 'php artisan horizon' --server web-1");
    await change("daemon delete 'php artisan horizon' --yes --server web-1");
    update((text) => text.replace('"before":{', '"before":{"stopwaitsecs":60,'));
    const bodies: unknown[] = [];
    const run = await bed.dnx('undo --yes', {
      through: (network) => ({
        ...network,
        request: (request) => {
          if (request.method === 'POST') bodies.push(JSON.parse(request.body ?? ''));
          return network.request(request);
        },
      }),
    });
    expect(bodies).toMatchObject([{ command: 'php artisan horizon', stopwaitsecs: 60 }]);
    expect(bodies[0]).not.toHaveProperty('id');
    expect(run).toExit(12, { says: 'did not take: stopwaitsecs' });
  });

  test('is not a firewall rule whose source is unknown', async () => {
    await change('network-rule delete HTTP --yes --server web-1');
    update((text) => text.replace(/"source":null,?|,"source":null/, ''));
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run), run.stderr]).toEqual([1, [], expect.stringContaining('The API does not show its source.')]);
  });
});

describe('what somebody changed since it was created', () => {
  const others = { env: { DNX_NO_HISTORY: '1' } };

  test.each([
    ['env set shop.example.com NEW=1', 'env set shop.example.com NEW=2'],
    ["daemon create 'php artisan horizon' --server web-1", "daemon update 'php artisan horizon' --processes 3 --server web-1"],
    ["crontab create date --frequency '0 3 * * *' --server web-1", "crontab update date --frequency '0 4 * * *' --server web-1"],
    ['queue create reports --site shop.example.com', 'queue update reports --processes 4 --site shop.example.com'],
  ])('%s is not deleted', async (line, theirs) => {
    await change(line);
    await bed.clock.sleep(60_000);
    await expect(bed.dnx(theirs, others)).toExit(0);
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run)], run.stderr).toEqual([10, []]);
  });

  test('a value that was set is not replaced', async () => {
    await change('env set shop.example.com NEW=1');
    await change('env set shop.example.com NEW=2');
    await bed.clock.sleep(60_000);
    await expect(bed.dnx('env set shop.example.com NEW=3', others)).toExit(0);
    const run = await bed.dnx('undo --yes');
    expect([run.code, sent(run)], run.stderr).not.toEqual([0, []]);
    expect(sent(run)).toEqual([]);
  });
});
