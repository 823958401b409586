import { expect } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';

const SPEED = 5;

const site = seeded.sites['shop.example.com'];
const watch = ['status', site, '--server', seeded.servers['web-1'], '--watch'];

const start = ({ env, directory }: Executable) => openTerminal(watch, { ...env, NO_COLOR: '1' }, directory);

// test/terminal/list-watch.test.ts has what a list and a status share: the shell, and a connection that is lost.
test.concurrent('--watch follows a deployment in place, until Ctrl-C exits 130', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable);
  await terminal.shows('Checked');
  executable.sandbox.deployElsewhere(site);
  await terminal.shows('Deploying');
  await terminal.shows(/Release +(?!643deaf)[\da-f]{7} /);
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  const rows = await shown(raw);
  expect(rows.filter((row) => row.startsWith('Site '))).toHaveLength(1);
  expect([code, rows.length, rows.at(-1)]).toEqual([130, 10, 'Checked        just now']);
  expect(rows.filter((row) => /^(Deploying|Failed)/.test(row))).toEqual([]);
});

test.concurrent('--watch is drawn again when the width changes', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = start(executable);
  await terminal.shows('Checked');
  terminal.resize(40);
  await terminal.shows(/Release +643deaf Cache the\s/);
  terminal.resize(120);
  await terminal.shows('643deaf Cache the category tree for ten minutes');
  terminal.type(keys.interrupt);
  await expect(terminal.ended).toExit(130);
});
