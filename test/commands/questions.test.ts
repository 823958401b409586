import { describe, expect, test } from 'vitest';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const bed = perTest(openBed);

const on = (typed: string, options: RunOptions = {}): RunOptions => ({ keys: typed, columns: 120, ...options });

test('login --with-token does not read a token that the terminal would show', async () => {
  const run = await bed.dnx('login --with-token', { typed: '1|secret\n', env: { DNX_TOKEN: undefined } });
  expect(run).toExit(2, { says: 'No token on standard input.' });
});

describe('text from the API is printed without control characters', () => {
  const evil = 'evil\u001b]0;title\u0007\u001b]8;;http://x\u0007link\u001b]8;;\u0007\u001b[2J\u009b2J\u061c\u202e\nname';
  /** Unlike the sequences that @inquirer/prompts itself prints. */
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
  const steering = /\u001b\]|\u001b\[2J|\u0007|[\u0080-\u009f\u061c\u202e]/;
  const harmless = 'evillink name';
  /** In a question, what cannot be seen is an escape. */
  const escaped = String.raw`'evil\u{1b}]0;title\u{7}`;

  function asked(run: Run, text: string) {
    expect(run.stderr).toContain(text);
    expect(run.stderr).not.toMatch(steering);
  }

  test('in a list to select from', async () => {
    for (const release of bed.sandbox.state.releases) Object.assign(release, { commit_message: evil, branch: evil });
    const run = await bed.dnx('rollback shop.example.com', on(`${keys.enter}${keys.interrupt}`));
    expect(run).toExit(130);
    // Of a commit message only the first line is shown.
    asked(run, harmless.split(' ')[0] ?? '');
  });

  test('in a question for the name', async () => {
    Object.assign(bed.sandbox.state.servers[0] ?? {}, { name: evil });
    const run = await bed.dnx(`server delete ${bed.sandbox.state.servers[0]?.id}`, on(keys.interrupt));
    expect(run).toExit(130);
    asked(run, `Type ${escaped}`);
  });

  test('in a question for yes or no', async () => {
    Object.assign(bed.sandbox.state.servers[0] ?? {}, { name: evil });
    const run = await bed.dnx(`server restart ${bed.sandbox.state.servers[0]?.id}`, on(`n${keys.enter}`));
    expect(run).toExit(1);
    asked(run, `Restart server ${escaped}`);
  });

  test('in a wizard', async () => {
    bed.sandbox.faults.always({ path: '/providers/{provider}/regions' }, { status: 200, body: { data: [{ id: 'fsn1', name: evil }] } });
    const run = await bed.dnx('server create web-3 --provider hetzner --credential-id 1', on(keys.interrupt));
    expect(run).toExit(130);
    asked(run, harmless);
  });
});

describe('a terminal that cannot move its cursor', () => {
  const dumb = (typed: string): RunOptions => ({ typed, columns: 80, env: { TERM: 'dumb' } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
  const moving = /[\u0000-\u0008\u000b-\u001f]/;

  function plain(run: Run, ...texts: readonly string[]) {
    for (const text of texts) expect(run.stderr).toContain(text);
    expect(run.stderr).not.toMatch(moving);
  }

  test('numbers a list, and prompts again after a wrong number', async () => {
    const run = await bed.dnx('rollback shop.example.com', dumb('9\n1\nmaybe\ny\n'));
    expect(run).toExit(0);
    plain(run, '\n  1) ', 'Number: Number: ', '(y/N) ');
  });

  test('shows below each row what does not fit in it', async () => {
    const run = await bed.dnx('rollback shop.example.com', { ...dumb('2\nn\n'), columns: 60 });
    plain(run, '\n  1) ');
    expect(run.stderr).toMatch(
      /\n {2}1\) \d{8}_\d{6} .*\(previous\)\n {5}Upgrade to Laravel 12\n {2}2\) \d{8}_\d{6} .*\n {5}Show delivery dates/,
    );
  });

  test('takes several numbers separated by commas, and the marked ones on Enter', async () => {
    const some = await bed.dnx('token create ci', dumb('3\n1, 3\n'));
    expect(some).toExit(0);
    plain(some, '  1) server:read', ' *\n', 'Numbers, separated by commas (default: those marked *): ');
    expect(bed.sandbox.state.tokens.at(-1)?.abilities).toHaveLength(2);
    await expect(bed.dnx('token create ci', dumb('3\n\n'))).toExit(0);
    expect(bed.sandbox.state.tokens.at(-1)?.abilities).toEqual(['server:read', 'site:read', 'site:deploy']);
  });

  test('prompts again after an empty line', async () => {
    const run = await bed.dnx('server delete web-1', dumb('\nweb-1\n'));
    expect(run).toExit(0);
    plain(run, "Type 'web-1' to continue: A value is required.");
  });

  test('treats the end of input like Ctrl-C', async () => {
    const run = await bed.dnx('server delete web-1', dumb(''));
    expect(run).toExit(130);
    expect(run.calls.some((call) => call.startsWith('DELETE'))).toBe(false);
  });

  test('follows a deployment line by line', async () => {
    const piped = await bed.dnx('deploy shop.example.com');
    await expect(bed.dnx('deploy shop.example.com', dumb(''))).toExit(0, { stderr: piped.stderr });
  });
});
