import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { filesWith, scriptEditor, treeOf } from '../support/editor.ts';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { lacking, required } from '../support/programs.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const SITE = seeded.sites['shop.example.com'];
const edit = ['env', 'edit', '--site', 'shop.example.com'];

const executable = perTest(openExecutable);
/** The files that any change leaves, and the editor. */
let usual: readonly string[];
beforeAll(async () => {
  const other = await openExecutable();
  await expect(other.dnx(['env', 'set', 'A=b', '--site', 'shop.example.com'])).toExit(0);
  usual = [...treeOf(other.directory), 'editor.sh'];
  await other.close();
});
afterEach(async () => {
  expect(treeOf(executable.directory).filter((file) => !usual.includes(file))).toEqual([]);
  expect(filesWith(executable.directory, 'hunter2 but longer')).toEqual([]);
});

const value = (key: string) =>
  executable.sandbox.state.environment_variables.find((each) => each.site_id === SITE && each.key === key)?.value;

/** Starts `dnx env edit` on a terminal with this editor. */
function start(editor: Readonly<Record<string, string>>, words: readonly string[] = []): Terminal {
  const { url, token } = executable.sandbox;
  return openTerminal([...edit, ...words], { DNX_HOST: url, DNX_TOKEN: token, NO_COLOR: '1', ...editor }, executable.directory);
}

/** Removes the draft that a command kept; fails if there is none. */
function removeDraft(): void {
  const [draft = ''] = treeOf(executable.directory).filter((name) => /dnx-draft-[^/]+$/.test(name));
  expect(draft).not.toBe('');
  rmSync(join(executable.directory, draft), { recursive: true });
}

const script = (text: string) => scriptEditor(executable, text);

test('the whole way: editor, mistake, editor, plan, question, deployment', async () => {
  const terminal = start(
    script(
      'sed -i "s/^APP_NAME=.*/APP_NAME=\\"lo cal/; s/^\\(APP_NAME=\\"lo cal\\)$/\\1/" "$1"; printf "Value: "; read word; sed -i "s/lo cal.*/$word\\"/" "$1"',
    ),
  );
  await terminal.shows('Value: ');
  terminal.type(`with"quote${keys.enter}`);
  await terminal.shows(/✗ shop\.example\.com\.env line \d+: /);
  await terminal.shows('? Edit again? (Y/n)');
  terminal.type(keys.enter);
  await terminal.shows('Value: ');
  terminal.type(`local${keys.enter}`);
  await terminal.shows('  ~ APP_NAME');
  await terminal.shows('? Update 1 variable of shop.example.com (web-1)?');
  terminal.type(`y${keys.enter}`);
  await terminal.shows('? Updated 1 variable of shop.example.com. Deploy now?');
  terminal.type(`n${keys.enter}`);
  await terminal.shows('✓ Updated 1 variable of shop.example.com');
  expect([(await terminal.ended).code, value('APP_NAME')]).toEqual([0, 'local']);
});

describe('Ctrl-C', () => {
  test('in an editor that uses it is not for dnx', async () => {
    const terminal = start(
      // dash may miss a signal just before it reads, so it does not read yet.
      script(
        `trap 'echo kept; times=x$times' INT; echo ready; until [ "$times" = xx ]; do sleep 0.01; done; read word; sed -i "s/^APP_NAME=.*/APP_NAME=$word/" "$1"`,
      ),
    );
    await terminal.shows('ready');
    terminal.type(keys.interrupt);
    await terminal.shows('kept');
    terminal.type(keys.interrupt);
    await terminal.shows('kept');
    terminal.type(`local${keys.enter}`);
    await terminal.shows('? Update 1 variable');
    terminal.type(`y${keys.enter}`);
    await terminal.shows('Deploy now?');
    terminal.type(`n${keys.enter}`);
    expect([(await terminal.ended).code, value('APP_NAME')]).toEqual([0, 'local']);
  });

  test('that ends the editor changes nothing', async () => {
    const terminal = start(script('cp "$1" "$1~"; sed -i "s/^APP_NAME=.*/APP_NAME=local/" "$1"; echo ready; while :; do sleep 0.01; done'));
    await terminal.shows('ready');
    terminal.type(keys.interrupt);
    const { code, text } = await terminal.ended;
    expect([code, value('APP_NAME')]).toEqual([130, 'Example Shop']);
    expect(text).toMatch(/Interrupted; nothing was changed\.\s+Your draft is kept/);
    removeDraft();
  });

  test.each(leading(['Edit again?', 'Update 1 variable'], 1))('at “%s” changes nothing', async (question) => {
    const line = question.startsWith('Edit') ? 'echo \'A="\' >> "$1"' : 'sed -i "s/^APP_NAME=.*/APP_NAME=local/" "$1"';
    const terminal = start(script(line));
    await terminal.shows(question);
    terminal.type(keys.interrupt);
    expect([(await terminal.ended).code, value('APP_NAME')]).toEqual([130, 'Example Shop']);
    removeDraft();
  });
});

test('a terminal that closes ends the editor, and nothing is left', async () => {
  const terminal = start(script('cp "$1" "$1~"; echo ready; while :; do sleep 0.01; done'));
  await terminal.shows('ready');
  terminal.close();
  const { code } = await terminal.ended;
  expect([code, value('APP_NAME')]).toEqual([expect.any(Number), 'Example Shop']);
});

/** Whether to skip an editor that is not installed, which it prints; CI must have it. */
function lacks(editor: string): boolean {
  const skip = lacking([editor]).length > 0 && !required;
  if (skip) process.stderr.write(`Skipped: ${editor} is not installed\n`);
  return skip;
}

const finish = async (terminal: Terminal) => {
  await terminal.shows('? Update 1 variable of shop.example.com (web-1)?');
  terminal.type(`y${keys.enter}`);
  await terminal.shows('Deploy now?');
  terminal.type(`n${keys.enter}`);
  return (await terminal.ended).code;
};

/** Without the files that it keeps in the home directory. */
const VIM = 'vim -u NONE -i NONE';

test.skipIf(lacks('vim'))('vim edits the variables, and its swap file goes', async () => {
  const terminal = start({ EDITOR: VIM });
  await terminal.draws('APP_NAME="Example Shop"');
  terminal.type(`:%s/^APP_NAME=.*/APP_NAME=local/ | write${keys.enter}`);
  // Ctrl-C throws away what vim has not read yet.
  await terminal.draws(' written');
  // Vim catches Ctrl-C.
  terminal.type(keys.interrupt);
  await terminal.draws(/Type +:qa/);
  terminal.type(`:quit${keys.enter}`);
  expect([await finish(terminal), value('APP_NAME')]).toEqual([0, 'local']);
});

test.skipIf(lacks('vim'))('vim ends with :cq, which cancels', async () => {
  const terminal = start({ EDITOR: VIM });
  await terminal.draws('APP_NAME="Example Shop"');
  terminal.type(`:cq${keys.enter}`);
  const { code, text } = await terminal.ended;
  expect([code, text]).toEqual([1, expect.stringContaining('The editor exited with code 1; nothing was changed.')]);
});

test.skipIf(lacks('nano'))('nano edits the variables, with a backup', async () => {
  const terminal = start({ EDITOR: 'nano --backup --ignorercfiles' });
  await terminal.draws('APP_NAME="Example Shop"');
  // Alt-/ goes to the end; Ctrl-X, Y and Enter save and leave.
  terminal.type('\u001b/NEW=1');
  await terminal.draws('NEW=1');
  terminal.type('\u0018');
  await terminal.draws('Save modified buffer');
  terminal.type(`y${keys.enter}`);
  expect([await finish(terminal), value('NEW')]).toEqual([0, '1']);
});
