import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runChild } from '../../src/machine/child.ts';
import { shellCommand } from '../../src/machine/world.ts';

test('the shell of Windows gets a command with quotes as it was typed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-cmd-'));
  try {
    writeFileSync(join(directory, 'cmd'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${directory}/words'\n`);
    chmodSync(join(directory, 'cmd'), 0o755);
    const command = shellCommand('echo "%DNX_OUTCOME% & co"', { platform: 'win32' });
    const child = { ...command, env: { PATH: `${directory}:/usr/bin:/bin` } };
    const code = await runChild(child, {
      signal: new AbortController().signal,
      terminal: false,
      stderr: process.stderr,
      onForeground: () => {},
      after: () => () => {},
      onExit: () => () => {},
    });
    expect([code, readFileSync(join(directory, 'words'), 'utf8')]).toEqual([0, '/d\n/s\n/c\n"echo "%DNX_OUTCOME% & co""\n']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
