import { expect } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';

const SPEED = 5;

const site = seeded.sites['shop.example.com'];
const watch = ['status', site, '--server', seeded.servers['web-1'], '--watch'];

const start = (executable: Executable, words: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  openTerminal(words, { ...executable.env, NO_COLOR: '1', ...env }, executable.directory);

/** The lines of the status on the screen, which must be there once. */
async function linesOf(raw: string): Promise<readonly string[]> {
  const rows = await shown(raw);
  expect(rows.filter((row) => row.startsWith('Site '))).toHaveLength(1);
  return rows;
}

test.concurrent('--watch follows a deployment in place, until Ctrl-C exits 130', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable, watch);
  await terminal.shows('Checked');
  executable.sandbox.deployElsewhere(site);
  await terminal.shows('Deploying');
  await terminal.shows(/Release +(?!643deaf)[\da-f]{7} /);
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  const rows = await linesOf(raw);
  expect([code, rows.length, rows.at(-1)]).toEqual([130, 10, 'Checked        just now']);
  expect(rows.filter((row) => /^(Deploying|Failed)/.test(row))).toEqual([]);
});

test.concurrent('--watch is drawn again when the width changes', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable, watch);
  await terminal.shows('Checked');
  terminal.resize(40);
  await terminal.shows(/Release +643deaf Cache the\s/);
  terminal.resize(120);
  await terminal.shows('643deaf Cache the category tree for ten minutes');
  terminal.type(keys.interrupt);
  await expect(terminal.ended).toExit(130);
});

test.concurrent('--watch is drawn below what the shell wrote after Ctrl-Z and fg', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable, watch);
  await terminal.shows('Checked');
  terminal.signal('SIGSTOP');
  terminal.signal('SIGCONT');
  await terminal.shows('Checked');
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  expect([code, (await shown(raw)).filter((row) => row.startsWith('Site '))]).toEqual([130, [expect.any(String), expect.any(String)]]);
});

test.concurrent('--watch moves no cursor on a dumb terminal', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable, watch, { TERM: 'dumb' });
  await terminal.shows('Checked');
  executable.sandbox.deployElsewhere(site);
  await terminal.shows('Deploying');
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  expect([code, raw.includes('\u001b')]).toEqual([130, false]);
});

test.concurrent('--watch says that it is reconnecting, and goes on', async ({ open }) => {
  const executable = await open({ speed: 2 * SPEED });
  const terminal = start(executable, watch);
  await terminal.shows('Checked');
  executable.sandbox.faults.always({ path: '/servers/{server}/sites/{site}' }, 'drop');
  await terminal.shows('reconnecting: ');
  executable.sandbox.faults.clear();
  await terminal.shows(/Checked +just now\s*$/);
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  await linesOf(raw);
  expect(code).toBe(130);
});
