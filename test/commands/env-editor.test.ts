import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { changes, edit, editor, noted, remains, renameVariables, set, variablesOf } from '../support/editing.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
beforeEach(() => renameVariables(bed));

const { own, values, elsewhere } = variablesOf(() => bed);
afterEach(() => expect(remains(bed)).toEqual([]));

describe('values that cannot be edited', () => {
  test('hidden ones stay, unless the user sets them', async () => {
    elsewhere('DB_PASSWORD', '••••••••');
    const seen: string[] = [];
    const run = await bed.dnx(`${edit} --yes`, editor([noted(seen, set('APP_NAME', 'x'))]));
    expect([run.code, changes(run)]).toEqual([0, ['PUT /environment-variables']]);
    expect(seen.join('')).toContain('# Deploynix hides these; they stay unless you set them: DB_PASSWORD\n');
    const given = await bed.dnx(`${edit} --yes`, editor([(text) => `${text}DB_PASSWORD=new\n`]));
    expect([given.code, values().DB_PASSWORD]).toEqual([0, 'new']);
  });

  test('keys and values that no dotenv file holds stay, and break nothing', async () => {
    const [first] = own();
    if (!first) throw new Error('no variable');
    const odd = ['A B', 'X\nINJECTED=1', 'C="', 'A=B'].map((key, at) => ({ ...first, id: `ODD${at}`, key, value: 'x' }));
    bed.sandbox.state.environment_variables.push(...odd, { ...first, id: 'NUL', key: 'WITH_NUL', value: 'a\0b' });
    const seen: string[] = [];
    const run = await bed.dnx(`${edit} --yes`, editor([noted(seen, set('APP_THEME', 'true'))]));
    expect([run.code, changes(run)]).toEqual([0, ['PUT /environment-variables']]);
    expect(seen.join('')).toContain('# These cannot be edited here, and stay: A?B X?INJECTED?1 C?? A?B WITH_NUL\n');
  });

  test('values with quotes, dollars and line breaks are read back as they were', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference in a dotenv file
    const value = 'a "b" \'c\' $d ${APP_NAME} #e \\n\n\tf=\n';
    elsewhere('APP_THEME', value);
    elsewhere('DB_PASSWORD', 'file:///etc/hostname');
    const run = await bed.dnx(`${edit} --yes`, editor([set('APP_NAME', 'x')]));
    expect([run.code, changes(run), values()]).toMatchObject([
      0,
      ['PUT /environment-variables'],
      { APP_THEME: value, DB_PASSWORD: 'file:///etc/hostname' },
    ]);
  });
});

describe('an editor that fails', () => {
  const ends = (code: number): RunOptions => ({ env: { EDITOR: 'vi' }, child: () => code });

  test.each([
    [1, 1, 'Error: The editor exited with code 1; nothing was changed.\n'],
    [127, 1, "Error: Could not run the editor 'vi'; nothing was changed.\n  Set EDITOR to the command of your editor.\n"],
    [130, 130, 'Interrupted; nothing was changed.\n'],
    [137, 1, 'Error: The editor exited with code 137; nothing was changed.\n'],
  ])('with code %i changes nothing', async (child, code, stderr) => {
    const run = await bed.dnx(`${edit} --yes`, ends(child));
    expect([run.code, run.stdout, run.stderr, changes(run)]).toEqual([code, '', stderr, []]);
  });

  test('by removing the file changes nothing', async () => {
    const run = await bed.dnx(`${edit} --yes`, {
      env: { EDITOR: 'vi' },
      child: ({ args }) => {
        rmSync(args.at(-1) ?? '');
        return 0;
      },
    });
    expect([run.code, run.stderr, changes(run)]).toEqual([1, 'The file is gone; nothing was changed.\n', []]);
  });
});

describe('the editor', () => {
  const opened = async (env: Record<string, string | undefined>, program?: RunOptions['program']) => {
    await expect(bed.dnx(`${edit} --yes`, { env: { EDITOR: undefined, ...env }, ...(program && { program }) })).toExit(0);
    const [child] = bed.children.splice(0);
    return [child?.file, child?.args[1]];
  };
  const configured = async () => ({ code: 0, stdout: 'code --wait\n', stderr: '' });
  const missing = async () => undefined;

  test('is VISUAL, EDITOR, that of Git, or a usual one, and may have arguments', async () => {
    expect(await opened({ VISUAL: 'subl -w', EDITOR: 'vi' }, missing)).toEqual(['sh', 'exec subl -w "$@"']);
    expect(await opened({ VISUAL: ' ', EDITOR: 'vi -n' }, missing)).toEqual(['sh', 'exec vi -n "$@"']);
    expect(await opened({ EDITOR: 'TERM=vt100 vi' }, missing)).toEqual(['sh', 'TERM=vt100 vi "$@"']);
    expect(await opened({ EDITOR: 'cd / && vi' }, missing)).toEqual(['sh', 'cd / && vi "$@"']);
    expect(await opened({}, configured)).toEqual(['sh', 'exec code --wait "$@"']);
    expect(await opened({}, missing)).toEqual(['sh', 'exec "$(command -v nano || echo vi)" "$@"']);
  });

  test('is found by a Git that gets no token', async () => {
    const asked: unknown[] = [];
    await opened({}, async ({ file, env }) => {
      asked.push([file, 'DNX_TOKEN' in env, 'DNX_HOST' in env]);
      return undefined;
    });
    expect(asked).toEqual([['git', false, true]]);
  });

  test('writes to the terminal, not into a redirected result', async () => {
    const run = await bed.dnx(`${edit} --yes`, { env: { EDITOR: 'vi' } });
    expect([run.stdout, bed.children.map(({ output, foreground }) => [output, foreground])]).toEqual([
      'Nothing changed.\n',
      [['stderr', true]],
    ]);
  });

  test('that returns at once may need an option to wait', async () => {
    const run = await bed.dnx(edit, { ...editor([(text) => text], ''), env: { EDITOR: 'code' } });
    expect(run).toExit(0, { stdout: 'Nothing changed.\n' });
    expect(run.stderr).toContain('If the editor is still open, tell it to wait, as in EDITOR="code --wait".\n');
  });
});
