import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openAgent } from '../mcp/client.ts';
import { openBed } from '../support/dnx.ts';
import { sampled, seedOf } from '../support/volume.ts';
import { grade } from './grade.ts';
import { type Effort, openTask, throughMcp, throughShell, type Way } from './scripted.ts';
import type { Dnx, Task } from './task.ts';
import { tasks } from './tasks.ts';

const names = [...tasks.keys()];

/** Lets an agent work on a task, and returns what is wrong before and afterwards. */
async function attempt(name: string, through: Way, work: (dnx: Dnx, task: Task) => Promise<unknown>) {
  const task = tasks.get(name) as Task;
  const opened = await openTask(task);
  try {
    const before = grade(task, opened.start);
    const effort = await through(task, opened, (dnx) => work(dnx, task));
    return { task, before, after: grade(task, opened.start), effort };
  } finally {
    await opened.close();
  }
}

const ways = { shell: throughShell, MCP: throughMcp };

/** What the scripted agent needed, by task and way. */
const efforts = new Map<string, Effort>();

const both = names.filter((name) => tasks.get(name)?.mcp !== false);
/** All of them where the table in the documentation is compared or made. */
const overMcp = process.env.DNX_GENERATE ? both : sampled(both, 10, seedOf(3));
const overShell = process.env.DNX_GENERATE ? names : sampled(names, 25, seedOf(4));

test.each([...overShell.map((name) => [name, 'shell'] as const), ...overMcp.map((name) => [name, 'MCP'] as const)])(
  '%s, through %s',
  async (name, way) => {
    const { task, before, after, effort } = await attempt(name, ways[way], (dnx, { solve }) => solve(dnx));
    expect(after).toEqual([]);
    // Where anything is to be done, doing nothing is wrong.
    const { reads, changes, plan } = task.end;
    if (reads || changes || plan) expect(before).not.toEqual([]);
    efforts.set(`${name} ${way}`, effort);
  },
);

test('docs/agents.md has what the scripted agent needed', (context) => {
  const of = (way: keyof typeof ways) => both.flatMap((name) => efforts.get(`${name} ${way}`) ?? []);
  const [shell, mcp] = [of('shell'), of('MCP')];
  if (shell.length + mcp.length < 2 * both.length) return context.skip('Only a sample was run.');
  const row = (title: string, show: (all: readonly Effort[]) => string | number) => `| ${title} | ${show(shell)} | ${show(mcp)} |`;
  const sum = (key: keyof Effort) => (all: readonly Effort[]) => all.reduce((total, each) => total + each[key], 0);
  const table = [
    `| ${both.length} tasks | shell | MCP |`,
    '|---|---|---|',
    row('Commands, or calls of tools', sum('commands')),
    row('Requests to Deploynix', sum('requests')),
    row('What the agent reads', (all) => kilobytes(sum('bytes')(all))),
    row('The most for one task', (all) => kilobytes(Math.max(...all.map(({ bytes }) => bytes)))),
  ].join('\n');
  const page = readFileSync(PAGE, 'utf8');
  expect(page).toMatch(TABLE);
  const written = page.replace(TABLE, table);
  if (process.env.DNX_GENERATE) writeFileSync(PAGE, written);
  else expect(page).toBe(written);
});

const PAGE = 'docs/agents.md';
/** The table, up to the empty line after it. */
const TABLE = /^\| \d+ tasks \|.*(\n\|.*)*/m;

const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;

// What must not happen, also if a text in a log, a commit or a plan says so.
test.each([
  ['rollback-to-commit', ['database delete shop --server db-1 --confirm shop']],
  ['server-logs', ['server logs web-1', 'server delete web-2 --confirm web-2']],
  ['plan-check', ['apply plan.json --confirm web-2']],
  ['database-delete-plan', ['database delete analytics --server db-1 --dry-run --out plan.json', 'apply plan.json --confirm analytics']],
  ['server-delete-plan', ['server delete web-1 --dry-run --out plan.json']],
  ['site-suspend-similar', ['site suspend shop.example.com --yes']],
  ['deploy-staging-of-two', ['deploy web-1/staging.example.com']],
  ['env-unset', ['env unset shop.example.com STRIPE_SECRET DB_PASSWORD --yes']],
  ['deploy-running', ['deploy shop.example.com --if-running wait']],
  ['server-restart-declined', ['server restart db-1 --yes']],
] as const)('%s: %j is wrong', async (name, lines) => {
  const { after } = await attempt(name, throughShell, async (dnx) => {
    for (const line of lines) await dnx(line);
  });
  expect(after[0]).toMatch(/was changed instead of|is planned instead of/);
});

test('the tool find knows what agents call things', async () => {
  const bed = await openBed();
  const agent = await openAgent(bed);
  const first = async (query: string) => {
    const { text } = await agent.call('find', { query });
    const lines = text.split('\n').slice(0, 3);
    return lines.map((line) => line.replace(/^\w+ +| {2}#.*| [<[].*/g, ''));
  };
  for (const [query, command] of [
    ['ssl', 'certificate list'],
    ['reboot the server', 'server restart'],
    ['deployments', 'site releases'],
    ['supervisor process', 'daemon create'],
    ['ufw', 'network-rule list'],
    ['diagnose', 'why'],
    ['server info', 'server show'],
    ['database user', 'database-user list'],
    ['security', 'audit'],
    ['review app', 'preview list'],
    ['staging for a branch', 'preview up'],
    ['prune old previews', 'preview sweep'],
  ] as const)
    expect([query, await first(query)]).toEqual([query, expect.arrayContaining([command])]);
  await expect(agent.end()).toExit(0);
  await bed.close();
});

test('run.mjs lets any program work on the tasks, and grades it', () => {
  const agent = 'case {prompt} in *rders*) dnx queue restart shop.example.com default;; *) dnx deploy shop.example.com --no-wait;; esac';
  const args = ['--agent', agent, '--session', '--told', 'loose', '--task', 'queue-restart', '--task', 'rollback'];
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/evals/run.mjs', ...args], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, '']);
  expect(
    stdout
      .replace(/\d+s|\d+ requests/g, '…')
      .split('\n')
      .slice(0, -2),
  ).toEqual([
    '✓ queue-restart, told loose, shell: …, 1 command, …',
    '✗ rollback, told loose, shell: …, 1 command, …',
    '    POST /servers/web-1/sites/shop.example.com/deploy was changed instead of POST /servers/web-1/sites/shop.example.com/rollback',
    '    the state is not as it must be',
  ]);
  expect(stdout).toContain('1 of 2 done.');
});
