import { expect } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Executable, executableTest as test } from '../support/executable.ts';
import { keys, openTerminal, shown } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const SPEED = 5;

const shop = seeded.sites['shop.example.com'];

const watch = ({ env, directory }: Executable, line: string, columns?: number) =>
  openTerminal([...line.split(' '), '--watch'], { ...env, NO_COLOR: '1' }, directory, columns);

const server = (executable: Executable) => {
  const [found] = executable.sandbox.state.servers;
  if (!found) throw new Error('the seed has a server');
  return found;
};

test.concurrent('a deployment is shown in place, until Ctrl-C exits 130', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = watch(executable, 'site list --server web-1');
  await terminal.shows('staging.example.com');
  executable.sandbox.deployElsewhere(shop);
  await terminal.shows(/shop\.example\.com +web-1 +● deploying/);
  await terminal.shows(/shop\.example\.com +web-1 +● active/);
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  const rows = await shown(raw);
  expect([code, rows.length, rows[0]]).toEqual([130, 5, expect.stringMatching(/^Checked just now, every 6s$/)]);
  expect(rows.filter((row) => row.startsWith('shop.example.com'))).toEqual([expect.stringContaining('● active')]);
  expect(raw).not.toContain('Interrupted');
});

test.concurrent('the table is drawn again when the width changes, and below what the shell wrote after Ctrl-Z and fg', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  const terminal = watch(executable, 'server list');
  await terminal.shows('db-1');
  terminal.resize(50);
  await terminal.shows(/columns\s+hidden/);
  terminal.resize(120);
  await terminal.shows(/DATABASE +ID/);
  terminal.signal('SIGSTOP');
  terminal.signal('SIGCONT');
  await terminal.shows(/DATABASE +ID/);
  terminal.signal('SIGTERM');
  const { raw, code } = await terminal.ended;
  expect([code, (await shown(raw)).filter((row) => row.startsWith('Checked ')).length]).toEqual([143, 2]);
});

test.concurrent('a table that is higher than the terminal ends with how much is left', async ({ open }) => {
  const executable = await open({ speed: SPEED });
  executable.sandbox.state.servers = Array.from({ length: 60 }, (_, n) => ({
    ...server(executable),
    id: `01J00000000000000000000S${String(n).padStart(2, '0')}`,
    name: `app-${n}`,
  }));
  const terminal = watch(executable, 'server list --sort name');
  await terminal.shows('… 24 more lines');
  server(executable).status = 'failed';
  await terminal.shows(/app-0 +● failed/);
  // Ctrl-C discards what the terminal has not shown yet.
  await terminal.shows('… 24 more lines');
  terminal.type(keys.interrupt);
  const { raw, code } = await terminal.ended;
  const rows = await shown(raw);
  expect([code, rows.filter((row) => row.startsWith('app-0 ')).length, rows.filter((row) => row.startsWith('… ')).length]).toEqual([
    130, 1, 1,
  ]);
});

test.concurrent('says that it is reconnecting, and goes on', async ({ open }) => {
  const executable = await open({ speed: 2 * SPEED });
  const terminal = watch(executable, 'server list', 40);
  await terminal.shows('db-1');
  executable.sandbox.faults.always({ path: '/servers' }, 'drop');
  await terminal.draws(/^! Reconnecting\. /m);
  executable.sandbox.faults.clear();
  server(executable).status = 'failed';
  await terminal.draws(/web-1 +● failed/);
  terminal.type(keys.interrupt);
  const { code, raw } = await terminal.ended;
  expect([code, (await shown(raw)).filter((row) => row.startsWith('NAME')).length]).toEqual([130, 1]);
});

test.concurrent('polls that take a second show no line that comes and goes', async ({ open }) => {
  const executable = await open({ speed: SPEED, latencyMs: 1_000 / SPEED });
  const terminal = watch(executable, 'server list');
  await terminal.shows('db-1');
  for (const status of ['failed', 'active']) {
    server(executable).status = status;
    await terminal.shows(new RegExp(`web-1 +● ${status}`));
  }
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;
  expect([code, text.slice(text.indexOf('Checked ')).includes('Waiting for')]).toEqual([130, false]);
});

test.concurrent.for(leading(['server list', 'status shop.example.com', 'site list'], 2))(
  'a closed pipe ends %s with 0, although nothing changes',
  async (line, { open }) => {
    const executable = await open({ speed: SPEED });
    expect((await executable.shell(`dnx ${line} --watch --no-header | head -1; echo $PIPESTATUS`)).stdout).toMatch(/^.+\n0\n?$/);
  },
);
