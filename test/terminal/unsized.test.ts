import { expect } from 'vitest';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openProgram, type Terminal } from '../support/terminal.ts';

/** Runs dnx on a terminal of 0 columns and rows, as in some containers. */
const start = ({ env, directory }: Executable, words: string): Terminal =>
  openProgram(['sh', '-c', `stty cols 0 rows 0; exec "$NODE" "$DNX" ${words}`], env, directory, 80);

test('a prompt works on a terminal of 0 columns', async ({ open }) => {
  const terminal = start(await open(), 'server delete web-1');
  await terminal.shows("Type 'web-1'");
  terminal.type(`web-2${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect([code, text]).toEqual([2, expect.stringContaining("'web-2' does not match. Nothing was deleted.")]);
});

test('a terminal of 0 columns shows progress in lines, and Ctrl-C works', async ({ open }) => {
  const terminal = start(await open({ speed: 5 }), 'deploy shop.example.com');
  await terminal.shows('Started a deployment of shop.example.com');
  await terminal.shows('deploying');
  terminal.type(keys.interrupt);
  const { text, raw } = await terminal.ended;
  expect(text).toContain('Stopped watching; the deployment continues.');
  expect(raw.length).toBeLessThan(2_000);
});
