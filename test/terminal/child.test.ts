import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keys, openTerminal } from '../support/terminal.ts';

test('sandbox run passes Ctrl-C to its command once and waits for its end', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dnx-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const script = `trap 'n=x$n; echo "caught $n."' INT; echo ready; until read enter; do :; done; echo "in all $n."; exit 3`;
  const terminal = openTerminal(['sandbox', 'run', '--', 'sh', '-c', script], { TMPDIR: directory }, directory);
  await terminal.shows('ready');
  terminal.type(keys.interrupt);
  await terminal.shows('caught x.');
  terminal.type(keys.enter);
  await terminal.shows('in all x.');
  await expect(terminal.ended).toExit(3);
  expect(readdirSync(directory).filter((name) => name.startsWith('dnx-sandbox-'))).toEqual([]);
});
