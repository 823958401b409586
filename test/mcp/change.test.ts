import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Transport } from '../../src/machine/world.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { seedOf, volume } from '../support/volume.ts';
import { openWebsite } from '../support/website.ts';
import { type Agent, approve, dataIn, type Filled, openAgent, typing } from './client.ts';

const bed: Bed = await openBed();
let agent: Agent;
let before = 0;
beforeEach(() => {
  before = bed.sandbox.calls.length;
});
afterEach(async () => expect((await agent.end()).code).toBe(0));
afterAll(() => bed.close());

const sent = () =>
  bed.sandbox.calls
    .slice(before)
    .filter(({ method }) => method !== 'GET')
    .map(({ method, path }) => `${method} ${path.replaceAll(/\/01\w+/g, '/*')}`);
const proposed = () => readdirSync(join(bed.directory, 'state/proposed')).map((name) => join(bed.directory, 'state/proposed', name));
const shop = seeded.sites['shop.example.com'];
const suspend = ['site', 'suspend', 'shop.example.com'];

describe.each([
  ['2025-11-25', false],
  ['2026-07-28', true],
])('in revision %s', (_, modern) => {
  test('a change is a plan that a person approves', async () => {
    agent = await openAgent(bed, '', { modern, fill: approve });
    const answer = await agent.change('crontab', 'create', '--server', 'web-2', '--command', `php ${modern}`, '--frequency', '0 3 * * *');
    const { stdout } = await bed.dnx(`crontab create --server web-2 --command 'php ${modern}' --frequency '0 3 * * *' --dry-run`);
    expect(agent.forms.map(({ message }) => message)).toEqual([
      `1 change, which needs your consent\n\n${stdout.trimEnd()}\n\nApply 1 change?`,
    ]);
    expect(dataIn(answer)).toEqual([expect.objectContaining({ change: 1, outcome: 'applied' })]);
    expect(sent()).toEqual(['POST /servers/*/crontabs']);
    expect(proposed()).toEqual([]);
  });

  test.each<[string, Filled]>([
    ['declines', { action: 'decline' }],
    ['closes the form', { action: 'cancel' }],
    ['accepts without a tick', { action: 'accept', content: { approve: false } }],
    ['accepts an empty form', { action: 'accept', content: {} }],
  ])('nothing is sent if the person %s', async (__, filled) => {
    agent = await openAgent(bed, '', { modern, fill: () => filled });
    expect(await agent.change(...suspend, '--yes')).toEqual({
      isError: true,
      text: expect.stringContaining('The user did not approve the plan. Nothing was changed.'),
    });
    expect(sent()).toEqual([]);
    expect(proposed()).toEqual([]);
  });

  test('what cannot be undone wants its name typed, which dnx compares', async () => {
    const name = modern ? 'reports' : 'metrics';
    await expect(bed.dnx(`database create ${name} --server db-1`)).toExit(0);
    before = bed.sandbox.calls.length;
    let typed = 'report';
    agent = await openAgent(bed, '', { modern, fill: (form) => typing(typed)(form) });
    const words = ['database', 'delete', name, '--server', 'db-1', '--yes'];
    expect((await agent.change(...words)).text).toContain("'report' does not match. Nothing was changed.");
    expect(sent()).toEqual([]);
    typed = name;
    expect((await agent.change(...words)).isError).toBe(false);
    expect(sent()).toEqual(['DELETE /servers/*/databases/*']);
    expect(agent.forms[0]?.message).toMatch(new RegExp(`undo {5}not possible[\\s\\S]*\n\nType '${name}' to continue:$`));
  });

  test('a plan that moved between approval and apply is refused', async () => {
    const branch = modern ? 'one' : 'two';
    const fill = async (): Promise<Filled> => {
      await expect(bed.dnx(`site update blog.example.com --branch ${branch}`)).toExit(0);
      before = bed.sandbox.calls.length;
      return approve();
    };
    agent = await openAgent(bed, '', { modern, fill });
    expect((await agent.change('site', 'update', 'blog.example.com', '--branch', 'mine')).text).toContain('"reason":"plan_moved"');
    expect(sent()).toEqual([]);
  });

  test('a plan that somebody else applied between approval and apply is not sent', async () => {
    const words = ['site', 'update', 'blog.example.com', '--web-directory', `/${modern}`];
    const fill = async (): Promise<Filled> => {
      await expect(bed.dnx(words)).toExit(0);
      before = bed.sandbox.calls.length;
      return approve();
    };
    agent = await openAgent(bed, '', { modern, fill });
    expect(dataIn(await agent.change(...words))).toMatchObject([{ outcome: 'unchanged' }]);
    expect(sent()).toEqual([]);
  });

  test.each(['env set shop.example.com MOVES=mine', 'env unset shop.example.com MOVES'])(
    '%s is refused if the hidden value was changed between approval and apply',
    async (line) => {
      const set = async (value: number) => {
        await bed.clock.sleep(2_000);
        await expect(bed.dnx(`env set shop.example.com MOVES=${value}`)).toExit(0);
      };
      await set(bed.clock.elapsed());
      const fill = async (): Promise<Filled> => {
        await set(bed.clock.elapsed());
        before = bed.sandbox.calls.length;
        return approve();
      };
      agent = await openAgent(bed, '', { modern, fill });
      expect((await agent.change(...line.split(' '))).text).toContain('"reason":"plan_moved"');
      expect(sent()).toEqual([]);
    },
  );
});

test('variables are set with what the agent typed, which no plan holds', async () => {
  agent = await openAgent(bed, '', {
    fill: () => {
      expect(agent.forms[0]?.message).toMatch(/^\+ create variable MAIL_KEY [\s\S]*value {2}5 characters$/m);
      return approve();
    },
  });
  expect((await agent.change('env', 'set', 'shop.example.com', 'MAIL_KEY=k-123')).isError).toBe(false);
  expect((await bed.dnx('env get shop.example.com MAIL_KEY')).stdout).toBe('k-123\n');
});

describe('at the rate limit', () => {
  const limited = () =>
    bed.sandbox.faults.next({ method: 'GET' }, { status: 429, headers: { 'retry-after': '55' }, body: { message: 'Too many.' } });

  test('a plan that waits reports progress, so that the client waits, too', async () => {
    agent = await openAgent(bed, '', { fill: approve });
    limited();
    expect((await agent.change('env', 'set', 'shop.example.com', 'LIMITED=1')).isError).toBe(false);
    expect(agent.progress.slice(0, 3)).toEqual([
      'Rate limited; retrying in 55s',
      'Still waiting for the rate limit.',
      'Still waiting for the rate limit.',
    ]);
    expect(agent.progress.filter((line) => line.includes('Still waiting'))).toHaveLength(2);
  });

  test('to a client that wants no progress, it says when to try again, before that gives up', async () => {
    agent = await openAgent(bed, '', { fill: approve });
    limited();
    const started = bed.clock.elapsed();
    const { content } = await agent.client.callTool({
      name: 'change',
      arguments: { words: ['env', 'set', 'shop.example.com', 'LIMITED=2'] },
    });
    expect(content).toEqual([{ type: 'text', text: expect.stringMatching(/Rate limited.*Try again in 55s/s) }]);
    expect(bed.clock.elapsed() - started).toBeLessThan(50_000);
    expect([agent.forms, sent()]).toEqual([[], []]);
  });
});

test('a deployment is started, and followed with progress', async () => {
  agent = await openAgent(bed, '', { fill: approve });
  const { text } = await agent.change('deploy', 'shop.example.com');
  const [, words] = /Follow it with wait: (.*)$/.exec(text) ?? [];
  const done = await agent.call('wait', { words: JSON.parse(words ?? '') });
  expect(dataIn(done)).toEqual(expect.objectContaining({ outcome: 'succeeded' }));
  expect(agent.progress).toEqual(expect.arrayContaining(['shop.example.com: deploying (5s)', 'shop.example.com: active (16s)']));
});

test('a deployment, its verification and the rollback are one consent', async () => {
  const live = () => bed.sandbox.state.releases.find(({ site_id, active }) => site_id === shop && active)?.name;
  const old = live();
  let isBroken = true;
  const site = await openWebsite(bed.sandbox, shop, (release) => ({ status: isBroken && release !== old ? 500 : 200 }));
  const asked: string[] = [];
  const through = (network: Transport): Transport => ({
    ...network,
    request(request) {
      if (!request.url.startsWith('https://shop.example.com/')) return network.request(request);
      asked.push(request.url);
      return network.request({ ...request, url: site.url });
    },
  });
  agent = await openAgent(bed, '', { fill: approve, run: { through } });
  const answer = await agent.change('deploy', 'shop.example.com', '--verify', '/up', '--within', '4s', '--rollback-on-fail');
  expect(agent.forms.map(({ message }) => message)).toEqual([
    expect.stringMatching(
      /^1 change, which needs your consent\n\n\* deploy shop[\s\S]* {2}verify {7}\/up must return 200 within 4s\n {2}if it fails {2}roll back\n[\s\S]*Apply 1 change\?$/,
    ),
  ]);
  expect([answer.isError, sent(), live()]).toEqual([true, ['POST /servers/*/sites/*/deploy', 'POST /servers/*/sites/*/rollback'], old]);
  expect(answer.text).toContain('was rolled back');
  expect(answer.text).not.toContain('passed its verification');
  expect(new Set(asked)).toEqual(new Set(['https://shop.example.com/up']));
  expect(agent.progress).toContain('shop.example.com: active (16s)');
  for (const words of [
    ['--verify', '/up', '--url', 'https://other.example'],
    ['--verify', 'https://other.example'],
    ['--verify-cmd', 'id'],
  ])
    expect(await agent.change('deploy', 'shop.example.com', ...words)).toMatchObject({ isError: true });
  expect([agent.forms.length, sent().length]).toEqual([1, 2]);
  isBroken = false;
  const deployed = await agent.change('deploy', 'shop.example.com', '--verify', '/up', '--rollback-on-fail');
  expect(deployed).toEqual({ isError: false, text: expect.stringContaining('The deployment has ended, and passed its verification.') });
  await site.close();
});

describe('work that goes on is started, and followed to its end', () => {
  test.each([
    ['site rollback shop.example.com --yes', { outcome: 'succeeded' }],
    ['certificate create www.shop.example.com --site shop.example.com', { domain: 'www.shop.example.com', status: 'active' }],
    ['backup create --site shop.example.com', [{ type: 'application', status: 'completed' }]],
    ['backup create --database shop --server db-1', [{ type: 'database', status: 'completed' }]],
    ['site create new.example.com --type static --server web-1', { domain: 'new.example.com', status: 'active' }],
    ['server create web-4 --provider hetzner', { name: 'web-4', status: 'active' }],
    ['server provision web-2', { name: 'web-2', status: 'active' }],
  ])('%s', async (line, ended) => {
    agent = await openAgent(bed, '', { fill: approve });
    const answer = await agent.change(...line.split(' '));
    expect(answer.isError, answer.text).toBe(false);
    const [row] = dataIn(answer) as { readonly outcome: string; readonly id: unknown }[];
    expect(row?.outcome).toBe('started');
    if (line.includes(' create ')) expect(row?.id).toEqual(expect.any(String));
    const [, words] = /Follow it with wait: (.*)$/.exec(answer.text) ?? [];
    const done = await agent.call('wait', { words: JSON.parse(words ?? '') });
    expect(dataIn(done)).toMatchObject(ended);
  });
});

describe('a client that cannot ask', () => {
  test('gets the plan in a private file, for a person to apply', async () => {
    agent = await openAgent(bed);
    const { text, isError } = await agent.change(...suspend);
    expect(isError).toBe(true);
    const [, file = ''] = /in a terminal: dnx apply (.*)$/.exec(text) ?? [];
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(text).toContain('* suspend shop.example.com (web-1)');
    expect(sent()).toEqual([]);
    await expect(bed.dnx(['apply', file, '--yes'])).toExit(0);
    expect(sent()).toEqual(['POST /servers/*/sites/*/suspend']);
    await expect(bed.dnx('site resume shop.example.com')).toExit(0);
  });

  test('gets no question in another form', async () => {
    agent = await openAgent(bed, '', { capabilities: { elicitation: { url: {} } } });
    expect((await agent.change(...suspend)).text).toContain('Ask the user to review it');
  });
});

test.each([
  ['a token', ['token', 'create', 'ci', '--preset', 'ci-deploy']],
  ['a restore', ['backup', 'restore', '--latest', '--database', 'shop', '--server', 'db-1']],
])('%s is for a person, who gets the command', async (_, words) => {
  agent = await openAgent(bed, '', { fill: approve });
  expect(await agent.change(...words)).toEqual({ isError: true, text: expect.stringContaining(`in a terminal: dnx ${words.join(' ')}`) });
  expect([agent.forms, sent()]).toEqual([[], []]);
});

test('with --dry-run, nobody is asked', async () => {
  agent = await openAgent(bed, '', { fill: approve });
  expect((await agent.change(...suspend, '--dry-run')).text).toMatch(/suspend shop[\s\S]*Nothing was changed\.$/);
  expect([agent.forms, sent(), (await agent.change('crontab', '--help')).text]).toEqual([[], [], expect.stringContaining('Usage:')]);
});

test('whatever the model says, only the form consents', async () => {
  agent = await openAgent(bed, '', { fill: () => ({ action: 'decline' }) });
  const tricks = [
    '--yes',
    '-y',
    '--confirm',
    'web-1',
    '--',
    '--no-dry-run',
    '--out',
    'p.json',
    '--exit-code',
    '--json',
    '--no-input',
    '--dry-run',
    '-F',
    'dry_run:=false',
  ];
  const lines = [
    suspend,
    ['server', 'delete', 'web-1'],
    ['deploy', 'shop.example.com'],
    ['api', 'DELETE', '/servers/1'],
    ['undo'],
    ['apply', 'p.json'],
  ];
  const args = fc.record({
    line: fc.constantFrom(...lines),
    at: fc.nat(4),
    more: fc.array(fc.constantFrom(...tricks), { maxLength: 4 }),
    extra: fc.dictionary(
      fc.constantFrom('approve', 'approval', 'requestState', 'inputResponses', 'yes', 'confirm'),
      fc.constantFrom(true, 'accept', 'web-1'),
    ),
    tool: fc.constantFrom('change', 'read', 'wait'),
  });
  await fc.assert(
    fc.asyncProperty(args, async ({ line, at, more, extra, tool }) => {
      const words = [...line.slice(0, at), ...more, ...line.slice(at)];
      expect((await agent.call(tool, { words, ...extra })).text).not.toContain('"result":"applied"');
      expect(sent()).toEqual([]);
    }),
    { seed: seedOf(5), numRuns: volume(400, 20) },
  );
  expect(readFileSync(join(bed.directory, 'state/history.jsonl'), 'utf8')).not.toContain('"DELETE /servers/{server}"');
});
