import { describe, expect, test } from 'vitest';
import { operationsOf } from '../../src/cli/language/tree.ts';
import type { FaultReply } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { examples, prepareExample, runExample } from '../support/examples.ts';
import { sampled, turn } from '../support/volume.ts';

/** Every way to lose the response to a request that was performed. */
const losses: Readonly<Record<string, FaultReply>> = {
  'a dropped connection': 'drop-after',
  'a truncated response': 'cut',
  'a 502 of a gateway': (answer) => ({ ...answer, status: 502, body: '<h1>Bad Gateway</h1>', headers: { 'Content-Type': 'text/html' } }),
  'a 504 of a gateway': (answer) => ({ ...answer, status: 504, body: '' }),
  'a 200 that is not JSON': (answer) => ({ ...answer, status: 200, body: '<p>Welcome</p>', headers: { 'Content-Type': 'text/html' } }),
};

/** Creates whose response or request holds a secret, which no list shows. */
const secrets = /^dnx (credential|git-provider|database-user) create/;

const creates = examples.filter(({ leaf, line }) => {
  const [first = ''] = operationsOf(leaf.command).filter((each) => each.startsWith('POST '));
  return ['create', 'set'].includes(leaf.command.name) && first !== '' && !/^dnx token| --deploy$/.test(line);
});
const adopting = creates.filter(({ line }) => !secrets.test(line));

/** Without what differs between two sandboxes (ids, and sizes that depend on them), or a few seconds later. */
const alike = (text: string): string =>
  text
    .replace(/01[0-9A-HJKMNP-TV-Z]{24}/g, 'ID')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/("size": |Size +)\d+( kB)?/g, '$1SIZE')
    .replace(/pending|in_progress/g, 'STARTED')
    .replace(/ in \d+s$/gm, ' in SECONDS');

async function runIn(line: string, lost?: FaultReply, options = ''): Promise<Run & { readonly posts: number }> {
  const bed = await openBed();
  try {
    await prepareExample(bed, line);
    if (lost !== undefined) bed.sandbox.faults.next({ method: 'POST' }, lost);
    const run = await runExample(bed, `${line}${options}`);
    return { ...run, posts: run.calls.filter((call) => call.startsWith('POST')).length };
  } finally {
    await bed.close();
  }
}

/** The GET requests that list what the POST creates, before and after it. */
function lists({ calls }: Run): readonly [before: number, after: number] {
  const at = calls.findIndex((call) => call.startsWith('POST'));
  const path = calls[at]?.replace('POST ', 'GET ').replace('/backups/application', '/backups');
  const count = (some: readonly string[]) => some.filter((call) => call === path).length;
  return [count(calls.slice(0, at)), count(calls.slice(at + 1))];
}

test('the examples cover every create', () => {
  const groups = new Set(creates.map(({ leaf }) => leaf.group.name));
  expect([...groups].sort()).toEqual(
    ['backup', 'certificate', 'credential', 'crontab', 'daemon', 'database', 'database-user', 'env', 'git-provider', 'git-repository']
      .concat(['network-rule', 'queue', 'redirect', 'server', 'site', 'ssh-key'])
      .sort(),
  );
});

/** The loss whose turn it is for each create, and every loss in deep runs. */
const lossesOf = (row: number) => turn(Object.keys(losses), row);

describe.each(adopting.map(({ line }, row) => [line, row] as const))('%s', (line, row) => {
  test.each(lossesOf(row))('reads the list once before the POST, and finds what it created after %s', async (loss) => {
    const [usual, run] = [await runIn(line), await runIn(line, losses[loss])];
    expect([usual.code, usual.posts, lists(usual)[0]]).toEqual([0, expect.any(Number), 1]);
    expect(usual.stderr).not.toContain('lost');
    expect(run).toExit(0, { stderr: expect.stringMatching(/^! The response was lost, but .+ was created\.$/m) });
    expect([run.posts, alike(run.stdout)]).toEqual([usual.posts, alike(usual.stdout)]);
    // One more request, or none if a poll becomes unnecessary.
    expect(run.calls.length - usual.calls.length).toBeLessThanOrEqual(1);
  });

  test('is not created twice if it was not performed', async () => {
    const run = await runIn(line, 'drop');
    // The other variables of `env set` are set.
    expect([run.posts, run.code]).toEqual(line.includes('APP_DEBUG') ? [1, 12] : [1, 13]);
    expect(`${run.stdout}${run.stderr}`).toContain('The request may have gone through. No new ');
  });
});

test.each(sampled(adopting, 5, 81))('$line prints the same JSON', async ({ line }) => {
  const json = line.includes('--json') ? '' : ' --json';
  const [usual, run] = [await runIn(line, undefined, json), await runIn(line, 'drop-after', json)];
  expect([run.code, alike(run.stdout)]).toEqual([0, alike(usual.stdout)]);
});

describe.each(creates.filter(({ line }) => secrets.test(line)).map(({ line }, row) => [line, row] as const))('%s', (line, row) => {
  test('reads no list before the POST', async () => {
    const run = await runIn(line);
    expect([run.code, run.posts, lists(run)]).toEqual([0, 1, [0, 0]]);
  });

  test.each(lossesOf(row))('adopts nothing after %s, and says what exists', async (loss) => {
    const run = await runIn(line, losses[loss]);
    expect([run.code, run.stdout, run.posts, lists(run)]).toEqual([13, '', 1, [0, 1]]);
    expect(run.stderr).toMatch(/One .+ like it exists \(01\w+\), perhaps from before\.\n {2}Check before you retry: dnx [\w-]+ list/);
  });

  test('says that nothing like it exists', async () => {
    const run = await runIn(line, 'drop');
    expect([run.code, run.posts]).toEqual([13, 1]);
    expect(run.stderr).toMatch(/No .+ like it was found, so it was probably not created\./);
  });
});
