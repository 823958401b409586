import { expect, test } from 'vitest';
import { type Bed, openLimitedBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';

const bed = perTest(openLimitedBed);

test.each([
  ['deploy shop.example.com', { site: 'shop.example.com', outcome: 'succeeded' }],
  ['rollback shop.example.com --yes', { site: 'shop.example.com', outcome: 'succeeded' }],
  ['server provision web-1 --yes', { data: { name: 'web-1', type: 'app', status: 'active' } }],
  ['backup create --site shop.example.com', { data: { type: 'application', status: 'completed' } }],
])('%s -o ndjson ends its events with the result', async (line, result) => {
  const run = await bed.dnx(`${line} --wait -o ndjson`);
  const lines = run.stdout
    .split('\n')
    .filter(Boolean)
    .map((each) => JSON.parse(each) as Record<string, unknown>);
  expect(run).toExit(0);
  expect(lines.length).toBeGreaterThan(1);
  for (const event of lines.slice(0, -1)) {
    expect(event).toEqual({
      type: 'status',
      at: expect.stringMatching(/Z$/),
      target: expect.any(String),
      status: expect.any(String),
      elapsed_s: expect.any(Number),
    });
  }
  expect(lines.at(-1)).toMatchObject({ type: 'result', ...result });
});

test('server provision -o ndjson ends with one result per server', async () => {
  const run = await bed.dnx('server provision web-1 web-2 --yes --wait -o ndjson');
  const lines = run.stdout
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each) as Record<string, unknown>);
  expect(lines.slice(-2)).toMatchObject([
    { type: 'result', data: { name: 'web-1' } },
    { type: 'result', data: { name: 'web-2' } },
  ]);
});

test('-o ndjson of a command that does not wait has no events and no type', async () => {
  const run = await bed.dnx('site show shop.example.com -o ndjson');
  expect(Object.keys(JSON.parse(run.stdout))[0]).toBe('id');
});

const watchShop = "dnx watch shop.example.com --server 'web 1; true'";

test.each([
  ['deploy shop.example.com', 'Resume with', watchShop],
  ['rollback shop.example.com --yes', 'Resume with', watchShop],
  ['server provision web-2 --yes', 'Check it with', /^dnx server show \w+/],
  ['backup create --site shop.example.com', 'Check it with', 'dnx backup list'],
  ['certificate create a.example.com --site shop.example.com', 'Check it with', /^dnx certificate show \w+ --site \w+ --server \w+/],
])('%s prints a shell command with --host at its timeout', async (line, why, command) => {
  const server = bed.sandbox.state.servers.find(({ name }) => name === 'web-1');
  Object.assign(server ?? {}, { name: 'web 1; true' });
  const host = ['--host', bed.sandbox.url];
  const run = await bed.dnx([...line.split(' '), '--wait', '--timeout', '1s', '--json', ...host], { env: { DNX_HOST: undefined } });
  expect(run).toExit(124);
  const { error } = JSON.parse(run.stderr.trim().split('\n').at(-1) ?? '') as { error: { hint: string; next: Record<string, string>[] } };
  const [next] = error.next;
  expect(error.next).toEqual([{ why, command: expect.stringMatching(command) }]);
  expect(next?.command).toMatch(new RegExp(` --host ${bed.sandbox.url}$`));
  expect(error.hint).toBe(`${why}: ${next?.command}`);
});

const limited = (seconds: number) => ({ status: 429, headers: { 'Retry-After': String(seconds) } });

test.each(
  leading(
    [
      ['deploy shop.example.com', /\/sites\/[^/]+$/],
      ['server provision web-2 --yes', '/servers/{server}'],
      ['backup create --site shop.example.com', '/backups'],
      ['rollback shop.example.com --yes', /\/sites\/[^/]+$/],
      ['certificate create a.example.com --site shop.example.com', '/servers/{server}/sites/{site}/certificates/{certificate}'],
    ] as const,
    2,
  ),
)('%s waits out a rate limit within --timeout', async (line, path) => {
  const first = await openLimitedBed();
  const begun = (each: Bed) => () => each.sandbox.faults.next({ method: 'GET', path }, limited(100), 2);
  first.clock.at(1_000, begun(first));
  const long = await first.dnx(`${line} --wait`);
  expect([long.code, long.waited > 200_000]).toEqual([0, true]);
  await first.close();

  bed.clock.at(1_000, begun(bed));
  await expect(bed.dnx(`${line} --wait --timeout 20s`)).toExit(124, { stdout: '', waited: 20_000 });
});

test.each([
  ['deploy shop.example.com', 'deployment of shop.example.com'],
  ['rollback shop.example.com --yes', 'rollback of shop.example.com'],
  ['server provision web-2 --yes', 'provisioning of server web-2'],
])('%s says at its timeout how long the user waited, also before the request', async (line, job) => {
  bed.sandbox.faults.next({ method: 'GET' }, limited(4));
  await expect(bed.dnx(`${line} --wait --timeout 6s`)).toExit(124, { waited: 6_000, says: `Timed out after 6s; the ${job} continues\n` });
});

test.each(['deploy shop.example.com', 'rollback shop.example.com --yes', 'server provision web-2 --yes'])(
  '%s fails immediately if the rate limit outlasts --timeout',
  async (line) => {
    bed.sandbox.faults.always({ method: 'POST' }, limited(60));
    await expect(bed.dnx(`${line} --timeout 20s`)).toExit(9, { stdout: '', waited: 0 });
    await expect(bed.dnx('site watch')).toExit(2);
  },
);
