import { describe, expect, test } from 'vitest';
import { ClosedPipe, write } from '../../src/cli/output/text.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { capture } from '../support/streams.ts';

const bed = perTest(openBed);

describe('an editor', () => {
  const edit = (EDITOR: string) =>
    bed.dnx('env edit --site shop.example.com --yes', { platform: 'win32', env: { EDITOR, Path: 'C:\\bin' } });

  test.each([
    ['code --wait', 'code --wait'],
    ['"C:\\Program Files\\x.exe" -n', '"C:\\Program Files\\x.exe" -n'],
    // As Git for Windows writes it into its settings.
    ["'C:/Program Files/Notepad++/notepad++.exe' -multiInst", '"C:/Program Files/Notepad++/notepad++.exe" -multiInst'],
  ])('is a command of cmd: %s', async (editor, written) => {
    await expect(edit(editor)).toExit(0);
    expect(bed.children[0]).toMatchObject({ file: 'cmd', verbatim: true, args: ['/d', '/s', '/c', expect.any(String)] });
    expect(bed.children[0]?.args.at(-1)).toMatch(/^".* ".*shop\.example\.com\.env""$/);
    expect(bed.children[0]?.args.at(-1)?.startsWith(`"${written} "`)).toBe(true);
  });

  test('is never a program of the working directory', async () => {
    await expect(edit('notepad')).toExit(0);
    expect(bed.children[0]?.env).toMatchObject({ NoDefaultCurrentDirectoryInExePath: '1', Path: 'C:\\bin' });
  });
});

test('--verify-cmd is a line for cmd', async () => {
  await expect(bed.dnx(['deploy', 'shop.example.com', '--verify-cmd', 'curl "%DNX_SITE_URL%" & exit 1'], { platform: 'win32' })).toExit(0);
  expect(bed.children[0]).toMatchObject({
    file: 'cmd',
    args: ['/d', '/s', '/c', '"curl "%DNX_SITE_URL%" & exit 1"'],
    verbatim: true,
    env: { DNX_SITE_URL: 'https://shop.example.com' },
  });
});

test('a pipe whose reader is gone is closed', async () => {
  const { stream } = capture(false);
  stream.on('error', () => {});
  stream.destroy(Object.assign(new Error('write EOF'), { code: 'EOF' }));
  await expect(write(stream, 'x')).rejects.toBeInstanceOf(ClosedPipe);
});
