import { execa } from 'execa';
import { afterEach, describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { changes, remains, variablesOf } from '../support/editing.ts';
import { filesWith, scriptEditor } from '../support/editor.ts';
import { perTest } from '../support/fixtures.ts';
import { need } from '../support/programs.ts';
import { leading } from '../support/volume.ts';

// Editors that are real programs. test/process/env-edit.test.ts has signals, which need a dnx in a process of its own.

const bed = perTest(() => openBed());
afterEach(async () => {
  expect(remains(bed)).toEqual([]);
  expect(filesWith(bed.directory, 'hunter2 but longer')).toEqual([]);
});

const { values } = variablesOf(() => bed, 'shop.example.com');

/** Runs `dnx env edit` with an editor that is a shell script, and returns what that printed as well. */
async function edited(script: string, env: Readonly<Record<string, string>> = {}) {
  let printed = '';
  const run = await bed.dnx('env edit --site shop.example.com --yes', {
    env: { PATH: process.env.PATH, ...scriptEditor(bed, script), ...env },
    async child({ file, args, env: own }) {
      const ended = await execa(file, args, { env: { ...own }, extendEnv: false, reject: false, all: true });
      printed = ended.all;
      return ended.exitCode ?? 137;
    },
  });
  return { ...run, printed };
}

const local = 's/^APP_NAME=.*/APP_NAME=local/';

describe('an editor', () => {
  test.each(
    leading(
      [
        ['writes into the file', `sed '${local}' "$1" > "$1.x"; cat "$1.x" > "$1"`],
        ['replaces the file by renaming', `sed '${local}' "$1" > "$1.x"; mv "$1.x" "$1"`],
        ['replaces the file by a link', `sed '${local}' "$1" > "$1.x"; ln -sf "$1.x" "$1"`],
        ['is ed', `printf '/^APP_NAME/s/=.*/=local/\\nw\\nq\\n' | ed -s "$1"`],
        [
          'leaves swap, backup and undo files',
          `cd "$(dirname "$1")"; cp "$1" "$1~"; cp "$1" ".swp"; ln -s "$1" "#lock"; mkdir -p undo/deep; cp "$1" undo/deep; sed -i '${local}' "$1"`,
        ],
        ['protects its files', `cp "$1" "$1.ro"; chmod 400 "$1.ro"; sed -i '${local}' "$1"`],
      ],
      5,
    ),
  )('that %s', async (name, script) => {
    if (name === 'is ed') need('ed');
    const run = await edited(script);
    expect(run).toExit(0, { stdout: '✓ Updated 1 variable of shop.example.com\n  changed  APP_NAME\n' });
    expect([values().APP_NAME, changes(run)]).toEqual(['local', ['PUT /environment-variables']]);
  });

  test('gets a file that only this user can read, named after the site', async () => {
    const run = await edited('stat -c "%a %n" "$(dirname "$1")" "$1"');
    const path = `${bed.directory}/state/dnx-private-\\w+`;
    expect(run.printed).toMatch(new RegExp(`^700 ${path}\n600 ${path}/shop\\.example\\.com\\.env$`));
    expect(run).toExit(0, { stdout: 'Nothing changed.\n' });
  });

  test('gets neither the token nor DNX_NOTIFY', async () => {
    const { code, printed } = await edited('env', { DNX_NOTIFY: 'true' });
    expect([code, printed]).toEqual([0, expect.stringMatching(/^DNX_HOST=/m)]);
    expect(printed).not.toMatch(/^DNX_(TOKEN|NOTIFY)=/m);
  });

  test.each(
    leading(
      [
        ['exits 1', `sed -i '${local}' "$1"; exit 1`, 1, 'Error: The editor exited with code 1; nothing was changed.\n'],
        ['is killed', `sed -i '${local}' "$1"; kill -9 $$`, 1, 'Error: The editor exited with code 137; nothing was changed.\n'],
        ['removes the directory', 'rm -r "$(dirname "$1")"', 1, 'The file is gone; nothing was changed.\n'],
        ['empties the file', ': > "$1"', 1, 'The file is empty; nothing was changed.\n'],
        [
          'writes garbage',
          `printf '\\377\\376=\\000garbage"' > "$1"`,
          2,
          'Error: shop.example.com.env line 1: the file is not valid UTF-8.\n',
        ],
        ['replaces the file by a directory', 'rm "$1"; mkdir "$1"', 2, /^Error: \S+shop\.example\.com\.env is not a regular file\.\n/],
        ['removes the file', 'rm "$1"', 1, 'The file is gone; nothing was changed.\n'],
        [
          'replaces the file by an endless device',
          'ln -sf /dev/zero "$1"',
          2,
          /^Error: \S+shop\.example\.com\.env is not a regular file\.\n/,
        ],
      ],
      6,
    ),
  )('that %s changes nothing', async (_, script, code, stderr) => {
    const run = await edited(script);
    expect([run.code, run.stdout, changes(run)]).toEqual([code, '', []]);
    expect(run.stderr).toMatch(stderr);
  });

  test('that does not exist changes nothing', async () => {
    const run = await edited('', { EDITOR: 'no-such-editor' });
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toMatch(/Error: Could not run the editor 'no-such-editor'; nothing was changed\.\n {2}Set EDITOR/);
  });
});
