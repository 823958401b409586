import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Plan } from '../../src/cli/plan/plan.ts';
import { type Executable, openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { killedAt } from '../support/killed.ts';
import { sampled } from '../support/volume.ts';

const ON = ['--server', 'web-1'];
const SCHEDULE = 'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run';
const EXPORT = 'php8.3 /home/deploynix/shop.example.com/current/artisan orders:export --yesterday';

/** Every kind of change of which dnx can find out whether it was performed. */
const LINES = [
  ['crontab', 'update', SCHEDULE, '--frequency', '0 7 * * *', ...ON],
  ['crontab', 'create', 'date', '--frequency', '0 8 * * *', ...ON],
  ['crontab', 'delete', EXPORT, ...ON],
  ['site', 'suspend', 'shop.example.com', ...ON],
  ['env', 'set', 'NEW', '--from-file', 'secret', '--site', 'blog.example.com', ...ON],
];

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));
let initial: Executable['sandbox']['state'];
/** The requests of a whole application. */
let requests: number;
let wanted: unknown;

const path = (name: string) => join(executable.directory, name);

/** What the changes are about, without ids and times. */
function stateNow(): unknown {
  const { crontabs, sites, environment_variables } = executable.sandbox.state;
  return {
    crontabs: crontabs.map(({ command, frequency, user }) => `${command} ${frequency} ${user}`),
    sites: sites.map(({ domain, status }) => `${domain} ${status}`),
    variables: environment_variables.map(({ site_id, key, value }) => `${site_id} ${key} ${value}`).sort(),
  };
}

function restore(): void {
  Object.assign(executable.sandbox.state, structuredClone(initial));
  rmSync(path('.local/state'), { recursive: true, force: true });
}

async function save(lines: readonly (readonly string[])[]): Promise<void> {
  const plans: Plan[] = [];
  for (const line of lines) {
    await expect(executable.here([...line, '--dry-run', '--out', 'one.json'])).toExit(0);
    plans.push(JSON.parse(readFileSync(path('one.json'), 'utf8')));
  }
  writeFileSync(path('plan.json'), JSON.stringify({ ...plans[0], changes: plans.flatMap(({ changes }) => changes) }));
}

const apply = (...more: readonly string[]) => executable.here(['apply', 'plan.json', '--yes', ...more]);
const changes = (since: number) => executable.sandbox.calls.slice(since).filter(({ method }) => method !== 'GET');

beforeAll(async () => {
  writeFileSync(path('secret'), 'hunter2\n');
  await save(LINES);
  initial = structuredClone(executable.sandbox.state);
  const before = executable.sandbox.calls.length;
  await expect(apply()).toExit(0);
  requests = executable.sandbox.calls.length - before;
  wanted = stateNow();
});

test.each([
  ['the same machine', '.'],
  ['another machine', 'elsewhere'],
])(
  'a plan that is killed at any request ends in the same state once it is run again on %s, and sends each change once',
  async (_, home) => {
    expect(requests).toBeGreaterThan(LINES.length);
    const all = Array.from({ length: requests }, (_, index) => index + 1);
    for (const request of sampled(all, 5, home.length)) {
      restore();
      rmSync(path('elsewhere'), { recursive: true, force: true });
      const before = executable.sandbox.calls.length;
      await killedAt(executable, ['apply', 'plan.json', '--yes'], { request });
      const again = await executable.here(['apply', 'plan.json', '--yes'], { env: { HOME: path(home) } });
      expect([again.exitCode, changes(before).length], `request ${request}: ${again.stderr}`).toEqual([0, LINES.length]);
      expect(stateNow(), `request ${request}`).toEqual(wanted);
    }
  },
  120_000,
);

test('what nobody can find out is for the user to say', async () => {
  restore();
  await save([['server', 'restart', 'web-1']]);
  for (const [answer, count] of [
    ['done', 1],
    ['send', 2],
  ] as const) {
    rmSync(path('.local/state'), { recursive: true, force: true });
    const before = executable.sandbox.calls.length;
    for (let request = 1; changes(before).length === 0; request++) await killedAt(executable, ['apply', 'plan.json', '--yes'], { request });
    await expect(apply()).toExit(13, { says: '--in-flight done or --in-flight send' });
    const told = await apply('--in-flight', answer);
    expect([told.exitCode, changes(before).length], told.stderr).toEqual([0, count]);
  }
});
