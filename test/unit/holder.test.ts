import { spawn } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { holderName, holderNamed, isHolderGone, processHolder, processStart } from '../../src/machine/files/lock.ts';
import { need } from '../support/programs.ts';

test('holderNamed reads what nameOf writes', () => {
  const holder = processHolder(process.pid);
  expect(holderNamed(holderName(holder))).toEqual(holder);
  expect(holderName(holder)).toMatch(/^[\w.-]+,\d+,[\w.-]*,[\w.-]*,[\w.-]+$/);
  expect(isHolderGone(holder)).toBe(false);
});

test.each(['', '.DS_Store', 'web-1,x,,,', 'web-1,1', 'a,1,b,c,d,e'])('%j is not a holder', (name) => {
  expect(holderNamed(name)).toBeUndefined();
});

test('a process of an earlier boot is gone', () => {
  expect(isHolderGone({ ...processHolder(process.pid), boot: 'earlier' })).toBe(true);
});

test.each(['linux', 'darwin'] as const)('a zombie is gone on %s', async (system) => {
  if (system === 'darwin') need('ps');
  // The parent becomes `sleep`, which never reaps its children.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const pid = Number(await new Promise((resolve) => parent.stdout.once('data', (chunk) => resolve(String(chunk)))));
  expect(processStart(process.pid, system)).toMatch(/^[\w.-]+$/);
  await expect.poll(() => processStart(pid, system)).toBeUndefined();
  expect(() => process.kill(pid, 0)).not.toThrow();
});

test('an unknown process has no start time', () => {
  expect(processStart(2 ** 30)).toBeUndefined();
});
