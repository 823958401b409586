import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/features/plan/history.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { seedOf, volume } from '../support/volume.ts';

const bed = perTest(openBed);

const file = (name = 'history.jsonl') => join(bed.directory, 'state', name);
const list = async (more = '') => (await bed.dnx(`history ${more} --json`)).json<PastRun[]>();

/** Runs a line that must succeed. */
async function change(line: string): Promise<void> {
  await expect(bed.dnx(line)).toExit(0);
}

const RENAME = 'server update web-1 --name web-9';

/** A line in which a value somewhere is another one, or missing. */
function damaged(line: string, { place, junk, drop }: { place: number; junk: unknown; drop: boolean }): string {
  const places: [Record<string, unknown>, string][] = [];
  const value: unknown = JSON.parse(line);
  const visit = (part: unknown) => {
    if (typeof part !== 'object' || part === null) return;
    for (const [key, inner] of Object.entries(part)) {
      places.push([part as Record<string, unknown>, key]);
      visit(inner);
    }
  };
  visit(value);
  const [parent, key] = places[place % places.length] ?? [{}, ''];
  if (drop) delete parent[key];
  else parent[key] = junk;
  return JSON.stringify(value);
}

describe('dnx history', () => {
  test('lists what was changed, the latest first', async () => {
    await change(RENAME);
    await change('site suspend shop.example.com blog.example.com --yes');
    const [last, first] = await list();
    const run = await bed.dnx('history');
    expect(run).toExit(0, {
      calls: [],
      stdout: [
        'ID     WHEN                  COMMAND                                             CHANGES  OUTCOME',
        `${last?.id}  2026-04-16T12:00:00Z  dnx site suspend shop.example.com blog.example.com  2        applied`,
        `${first?.id}  2026-04-16T12:00:00Z  dnx server update web-1 --name web-9                1        applied`,
        '',
      ].join('\n'),
    });
    expect((await bed.dnx('history list')).stdout).toBe(run.stdout);
  });

  test('shows before and after', async () => {
    await change(RENAME);
    const [entry] = await list();
    expect((await bed.dnx(`history show ${entry?.id}`)).stdout).toContain(
      '~ update server web-1\n  name     web-1 → web-9\n  outcome  applied\n1 change\n  command  dnx server update web-1 --name web-9\n',
    );
    expect((await bed.dnx(`history show ${entry?.id} --json`)).json()).toMatchObject({
      id: entry?.id,
      changes: [{ call: 'PUT /servers/{server}', body: { name: 'web-9' }, before: { name: 'web-1' }, outcome: 'applied', status: 200 }],
    });
    await expect(bed.dnx('history show nope')).toExit(6);
    await expect(bed.dnx('history show')).toExit(2);
  });

  test('filters by site and time', async () => {
    await change('site suspend shop.example.com --yes');
    await bed.clock.sleep(7_200_000);
    await change('site suspend blog.example.com --yes');
    const commands = async (more: string) => (await list(more)).map(({ command }) => command);
    expect(await commands('--site shop.example.com')).toEqual(['dnx site suspend shop.example.com']);
    expect(await commands('--since 1h')).toEqual(['dnx site suspend blog.example.com']);
    expect(await commands('--since 2026-04-16T13:00:00Z')).toEqual(['dnx site suspend blog.example.com']);
    await expect(bed.dnx('history --since soon')).toExit(2);
  });

  test('has what failed, and what nobody knows', async () => {
    await expect(bed.dnx('crontab create date --frequency x --server web-1')).toExit(7);
    bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
    await expect(bed.dnx('server restart web-1 --yes')).toExit(13);
    const all = await list();
    expect(all.map(({ outcome }) => outcome)).toEqual(['unknown', 'failed']);
    expect((await bed.dnx(`history show ${all[0]?.id}`)).stdout).toContain('outcome  unknown: the response was lost');
    expect((await bed.dnx(`history show ${all[1]?.id}`)).stdout).toContain('outcome    failed: ');
  });

  test.each([500, 502, 504])('has a change as unknown after a %i, which may have been performed', async (status) => {
    bed.sandbox.faults.next({ method: 'PUT' }, (answer) => ({ ...answer, status, body: { message: 'Later.' } }));
    await expect(bed.dnx(RENAME)).toExit(1);
    const [run] = await list();
    expect(run?.outcome).toBe('unknown');
    expect((await bed.dnx(`history show ${run?.id}`)).stdout).toContain('outcome  unknown: Later.');
    await expect(bed.dnx('undo --yes')).toExit(10, { says: '--in-flight done' });
  });

  test.each(['drop-after', 'cut'] as const)('has what was found after a lost response, and undo deletes it: %s', async (fault) => {
    bed.sandbox.faults.next({ method: 'POST' }, fault);
    await expect(bed.dnx("crontab create date --frequency '0 3 * * *' --server web-1")).toExit(0);
    expect(await list()).toMatchObject([{ outcome: 'applied', changes: [{ created: expect.any(String) }] }]);
    await expect(bed.dnx('undo --yes')).toExit(0);
    expect(bed.sandbox.state.crontabs.some(({ command }) => command === 'date')).toBe(false);
  });

  test('says so if dnx was killed before the response', async () => {
    await change(RENAME);
    const [first = ''] = readFileSync(file(), 'utf8').trim().split('\n');
    writeFileSync(file(), first);
    expect((await list())[0]?.outcome).toBe('unknown');
  });

  test('has neither reads nor dry runs', async () => {
    for (const line of ['server list', `${RENAME} --dry-run`, 'api /user']) await expect(bed.dnx(line)).toExit(0);
    expect(existsSync(file())).toBe(false);
    await expect(bed.dnx('history')).toExit(0, { stdout: '', stderr: 'No changes yet.\n' });
  });

  test('has no secret, even if the API quotes one', async () => {
    writeFileSync(join(bed.directory, 'secret'), 'hunter2-hunter2\n');
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'hunter2-hunter2 is too short.' } });
    for (const line of [
      'env set shop.example.com A=hunter2-hunter2',
      'env set shop.example.com A=hunter2-hunter2',
      'env set shop.example.com A=hunter2-hunter3',
      'database-user create app --database shop --server db-1 --password @secret',
      'credential create x --provider hetzner --token @secret',
      'api POST /providers/credentials -F provider=hetzner -F name=y -F token=hunter2-hunter2',
      `api POST /providers/credentials --data '{"provider":"hetzner","name":"z","token":"hunter2-hunter2"}'`,
      'token create ci --ability site:read',
      'token rotate ci --yes',
    ])
      expect([0, 7]).toContain((await bed.dnx(line)).code);
    const text = readFileSync(file(), 'utf8');
    expect(text).not.toContain('hunter2');
    for (const { secret } of [{ secret: bed.sandbox.token }]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/\d+\|\w{32,}/);
    expect((await bed.dnx('history')).stdout).toContain('dnx env set --site shop.example.com A ');
  });

  test.each<[string, (value: string) => string]>([
    ['as it is', (value) => value],
    ['as JSON', (value) => JSON.stringify(value)],
    ['in a URL', encodeURIComponent],
    ['in HTML', (value) => value.replaceAll('"', '&quot;')],
  ])('and the error have no secret that the API quotes %s', async (_, quoted) => {
    const secret = 'a"b\\c/d e+f';
    const shown = quoted(secret);
    writeFileSync(join(bed.directory, 'secret'), secret);
    for (const line of [
      ['env', 'set', 'shop.example.com', `A=${secret}`],
      'database-user create app --database shop --server db-1 --password @secret'.split(' '),
      'credential create x --provider hetzner --token @secret'.split(' '),
      ['api', 'POST', `/servers/{server}/restart?token=${encodeURIComponent(secret)}`, '--server', 'web-1'],
    ]) {
      bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: `Not ${shown}.`, errors: { it: [`No ${shown}`] } } });
      const { code, stdout, stderr } = await bed.dnx(line);
      expect(code).toBe(7);
      // What dnx api prints is the response itself.
      if (line[0] !== 'api') expect(stdout + stderr).not.toContain(shown);
      expect((await list())[0]?.changes[0]?.error).toBe(`Not ${shown.startsWith('"') ? '"***"' : '***'}.`);
    }
  });

  test.each([
    `api POST /providers/credentials --input '{"provider":"hetzner","name":"z","token":"hunter2-hunter2"}'`,
    'api POST /servers/{server}/restart?key=hunter2-hunter2 --server web-1',
    'server restart web-1 --yes --host http://127.0.0.1',
    'env set shop.example.com A=1 --deploy --no-wait --notify https://hooks.example/hunter2?a=b',
    `deploy shop.example.com --verify-cmd 'true hunter2'`,
    'deploy shop.example.com --verify /up --url http://ada:hunter2@127.0.0.1',
  ])('has no secret of: dnx %s', async (line) => {
    await bed.dnx(line, { elsewhere: () => {} }).then(({ code }) => expect(code).toBeLessThan(200));
    expect(existsSync(file()) ? readFileSync(file(), 'utf8') : '').not.toContain('hunter2');
  });

  test('and the error hide a short value, but no part of a host name or a word', async () => {
    const says = async (value: string, message: string) => {
      bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message } });
      const { code, stderr } = await bed.dnx(`env set shop.example.com SHORT=${value}`);
      const [last] = await list();
      const { stdout } = await bed.dnx(`history show ${last?.id}`);
      return [code, /\bsaid: (.*)/.exec(stderr)?.[1], /\bsaid: (.*)/.exec(stdout)?.[1]];
    };
    for (const value of ['1', 'd', 'web', 'DB'])
      expect(await says(value, 'said: db-1.web.example.com, 127.0.0.1:8080 and web_d do not respond.')).toEqual([
        7,
        ...Array(2).fill('db-1.web.example.com, 127.0.0.1:8080 and web_d do not respond.'),
      ]);
    expect(await says('d', 'said: d is too short: "d".')).toEqual([7, ...Array(2).fill('*** is too short: "***".')]);
  });

  test('shows which variables were set', async () => {
    writeFileSync(join(bed.directory, 'secret'), 'hunter2\n');
    await change('env set shop.example.com NEW --from-file secret');
    expect((await list())[0]?.command).toBe('dnx env set --site shop.example.com --from-file secret NEW');
  });

  test('can be read by this user alone', async () => {
    await change(RENAME);
    expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
  });

  test('skips damaged lines', async () => {
    await change(RENAME);
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), `{"v":1,"run":"x","n":0,"change":{}}\n[]\nnull\n{"v":2}\n${text.slice(0, 40)}\n\0\0\n{"v":1,"run":1}\n`);
    appendFileSync(file(), text);
    await change('server update web-9 --name web-1');
    expect((await list()).map(({ outcome }) => outcome)).toEqual(['applied', 'applied']);
  });

  test('whatever a damaged line has, it is no bug', async () => {
    await change(RENAME);
    await change('env set shop.example.com NEW=1');
    await change('crontab create date --frequency "0 3 * * *" --server web-9');
    const [latest, before] = await list();
    const shown = [latest, before].map((each) => `history show ${each?.id}`);
    const lines = readFileSync(file(), 'utf8').trim().split('\n');
    const junk = fc.oneof(
      fc.constantFrom<unknown>(null, true, 7, '', 'x', [], {}, [null], { a: 1 }, { constructor: {} }, { __proto__x: null }),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const args = fc.record({ line: fc.nat(lines.length - 1), place: fc.nat(60), junk, drop: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(args, async (damage) => {
        const broken = lines.map((line, at) => (at === damage.line ? damaged(line, damage) : line));
        writeFileSync(file(), broken.join('\n'));
        for (const line of ['history', ...shown, 'history --site shop.example.com --json', 'undo --dry-run']) {
          const run = await bed.dnx(line);
          expect(run.stderr, `${line}: ${broken[damage.line]}`).not.toContain('bug');
        }
      }),
      { seed: seedOf(3), numRuns: volume(300, 12) },
    );
  });

  test('is kept by several commands at once', async () => {
    await Promise.all(Array.from({ length: 12 }, (_, at) => change(`crontab create 'date ${at}' --frequency '0 3 * * *' --server web-1`)));
    const all = await list();
    expect([all.length, all.every(({ outcome }) => outcome === 'applied')]).toEqual([12, true]);
  });

  test('drops the oldest entries once it is large', async () => {
    await change(RENAME);
    const text = readFileSync(file(), 'utf8');
    for (let size = 0; size < 530_000; size += text.length) appendFileSync(file(), text.replaceAll('"run":"', `"run":"${size}`));
    await change('server update web-9 --name web-1');
    expect(existsSync(file('history.old.jsonl'))).toBe(true);
    await change(RENAME);
    expect(statSync(file()).size).toBeLessThan(5_000);
    expect((await list()).length).toBeGreaterThan(100);
    expect((await list())[0]?.command).toBe(`dnx ${RENAME}`);
  });

  test('is not kept with DNX_NO_HISTORY=1', async () => {
    await expect(bed.dnx(RENAME, { env: { DNX_NO_HISTORY: '1' } })).toExit(0);
    expect(existsSync(file())).toBe(false);
  });

  test('warns once if it cannot be written', async () => {
    mkdirSync(file(), { recursive: true });
    const run = await bed.dnx('site suspend shop.example.com blog.example.com --yes');
    expect([run.code, run.stderr.match(/Could not write the history/g)?.length]).toEqual([0, 1]);
  });

  test('has what dnx apply did', async () => {
    await change(`${RENAME} --dry-run --out plan.json`);
    await change('apply plan.json --yes');
    expect((await list())[0]).toMatchObject({
      command: 'dnx apply plan.json',
      changes: [{ before: { name: 'web-1' }, outcome: 'applied' }],
    });
  });
});
