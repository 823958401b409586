import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDatabaseSite, type DatabaseBed, openDatabaseBed, variablesFor } from '../support/database-site.ts';
import { reasonAgainstDatabases } from '../support/databases.ts';
import { type Line, openLine } from '../support/line.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { deep } from '../support/volume.ts';

const reason = reasonAgainstSsh('round trips') ?? reasonAgainstDatabases('round trips');
const skipped = reason !== undefined || !deep;

/** The round trip to the server, in ms. */
const ROUND_TRIP = 80;
/** Of so many runs, the fastest counts: the others waited for this machine. */
const RUNS = 3;

const SITE = ownDomain('trips');
const HOST = 'deploynix@127.0.0.1';

interface Cost {
  readonly waits: number;
  readonly ms: number;
}

interface Row {
  readonly dnx: readonly string[];
  /** The same without dnx; `SSH` in it is ssh and its options, `SCP` those of scp, and `RSYNC` how rsync calls it. */
  readonly plain: readonly string[];
  /** The exit code of dnx. */
  readonly code?: number;
  /** What plain ssh sends, which sshd takes only once the command runs: a round trip more. */
  readonly input?: string;
  /** True if dnx sends its script like that, or if it is rsync, whose messages go together as it happens: it may take one more. */
  readonly sends?: boolean;
}

const remote = (command: string) => ['SSH', HOST, command];
const storage = `/home/deploynix/${SITE}/shared/storage`;
const log = `${storage}/logs/laravel.log`;

const rows: readonly Row[] = [
  { dnx: ['ssh', 'web-1', '--', 'true'], plain: remote('true') },
  { dnx: ['logs', SITE, '--source', 'laravel'], plain: remote(`tail -n 100 ${log}`), sends: true },
  { dnx: ['logs', SITE, '--since', '1h', '--level', 'error'], plain: remote(`grep ERROR ${log}`), sends: true },
  { dnx: ['why', SITE], plain: remote(`tail -n 100 ${log}`) },
  { dnx: ['why', 'web-1'], plain: remote('df -P; free -b; uptime') },
  { dnx: ['top', 'web-1'], plain: remote('df -P; free -b; uptime') },
  { dnx: ['service', 'list', 'web-1'], plain: remote('systemctl list-unit-files') },
  { dnx: ['service', 'restart', 'redis', 'web-1', '--yes'], plain: remote('systemctl restart redis') },
  { dnx: ['cp', `${SITE}:${log}`, '.'], plain: ['scp', '-q', 'SCP', `${HOST}:${log}`, '.'] },
  { dnx: ['cp', 'small', `${SITE}:${storage}/`], plain: ['scp', '-q', 'SCP', 'small', `${HOST}:${storage}/`] },
  { dnx: ['storage', 'pull', SITE], plain: ['rsync', '-a', '-e', 'RSYNC', `${HOST}:${storage}/app/`, 'app/'], sends: true },
  {
    dnx: ['storage', 'push', SITE, 'small-directory', '--yes'],
    plain: ['rsync', '-a', '-e', 'RSYNC', 'small-directory/', `${HOST}:${storage}/app/`],
    sends: true,
  },
  { dnx: ['db', 'ps', SITE], plain: remote('cat'), input: 'SELECT 1' },
  { dnx: ['db', 'query', SITE, 'SELECT 1'], plain: remote('cat'), input: 'SELECT 1' },
  { dnx: ['db', 'kill', SITE, '999999', '--yes'], plain: remote('cat'), input: 'SELECT 1', code: 6 },
];

let bed: DatabaseBed;
let line: Line;
let work: string;
beforeAll(async () => {
  if (skipped) return;
  bed = await openDatabaseBed();
  line = await openLine(bed.sshd.port);
  line.roundTrip = ROUND_TRIP;
  work = mkdtempSync('/tmp/dnx-trips-');
  mkdirSync(join(work, 'bin'));
  // Nobody waits for the answer to a sign of life, and a connection that an earlier run kept sends them, too.
  const options = `-o Port=${line.port} -o HostKeyAlias=[127.0.0.1]:${bed.sshd.port} -o ServerAliveInterval=0`;
  writeFileSync(join(work, 'bin/ssh'), `#!/bin/sh\nexec ${join(bed.sshd.directory, 'bin/ssh')} ${options} "$@"\n`, { mode: 0o755 });
  bed.sshd.program('systemctl', "#!/bin/sh\nprintf 'Id=redis.service\\nNames=redis.service\\nActiveState=active\\n'\n");
  addDatabaseSite(bed, SITE, variablesFor(bed.servers.mariadb, 'mysql'), {
    'shared/storage/logs/laravel.log': '[2026-11-25 03:10:12] production.ERROR: Broken\n',
    'shared/storage/app/one': 'one\n',
    'shared/storage/app/two': 'two\n',
  });
}, 60_000);
afterAll(async () => {
  line?.close();
  await bed?.close();
  if (work) rmSync(work, { recursive: true, force: true });
});

const PATH = () => `${join(work, 'bin')}:${bed.sshd.path}`;

/** A directory with something to send. */
function newDirectory(): string {
  const directory = mkdtempSync(join(work, 'run-'));
  for (const name of ['small-directory', 'storage']) mkdirSync(join(directory, name));
  for (const name of ['small', 'small-directory/small']) writeFileSync(join(directory, name), 'x'.repeat(1000));
  return directory;
}

/** Runs something over the line, and returns its round trips and ms. */
async function measured(run: () => PromiseLike<{ exitCode?: number | undefined; stderr: unknown }>, code = 0): Promise<Cost> {
  const [start, before] = [performance.now(), line.waits];
  const { exitCode, stderr } = await run();
  expect(exitCode, String(stderr)).toBe(code);
  return { waits: line.waits - before, ms: performance.now() - start };
}

/** The cheapest of several runs: the others waited for this machine. */
async function cheapest(run: () => Promise<Cost>): Promise<Cost> {
  const costs: Cost[] = [];
  while (costs.length < RUNS) costs.push(await run());
  return { waits: Math.min(...costs.map(({ waits }) => waits)), ms: Math.min(...costs.map(({ ms }) => ms)) };
}

/** Runs dnx, with the runtime directory that its kept connections are in. */
const ours = ({ dnx, code }: Row, runtime: string) =>
  measured(() => bed.dnx(dnx, { env: { PATH: PATH(), XDG_RUNTIME_DIR: runtime }, cwd: newDirectory() }), code);

function plain({ plain, input }: Row, options: readonly string[]): Promise<Cost> {
  const special: Readonly<Record<string, readonly string[]>> = {
    SSH: ['ssh', ...options],
    SCP: ['-S', join(work, 'bin/ssh'), ...(options.length > 0 ? ['-o', `ControlPath=${options.at(-1)}`] : [])],
    RSYNC: [['ssh', ...options].join(' ')],
  };
  const words = plain.flatMap((word) => special[word] ?? word);
  const [file = '', ...args] = words;
  return measured(() =>
    execa(file, args, {
      cwd: newDirectory(),
      env: { PATH: PATH() },
      reject: false,
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
    }),
  );
}

describe.skipIf(skipped)('takes no more round trips than plain ssh', () => {
  test.each(rows.map((row) => [row.dnx.join(' ').replaceAll(SITE, 'SITE'), row] as const))(
    'dnx %s',
    async (name, row) => {
      const runtime = newDirectory();
      const socket = join(newDirectory(), 'socket');
      const first = await cheapest(() => ours(row, newDirectory()));
      const firstPlain = await cheapest(() => plain(row, []));
      await ours(row, runtime);
      const next = await cheapest(() => ours(row, runtime));
      await execa('ssh', ['-MNf', '-S', socket, HOST], { env: { PATH: PATH() }, stdio: 'ignore' });
      const nextPlain = await cheapest(() => plain(row, ['-S', socket]));
      const shown = [first, firstPlain, next, nextPlain].map(({ waits, ms }) => `${waits} (${ms.toFixed(0)} ms)`.padStart(12)).join(' ');
      process.stderr.write(`${name.padEnd(50)} ${shown}\n`);
      expect.soft(first.waits - firstPlain.waits, 'over a connection of its own').toBeLessThanOrEqual(1);
      expect.soft(next.waits - nextPlain.waits, 'over a kept connection').toBeLessThanOrEqual(row.sends ? 1 : 0);
    },
    300_000,
  );
});
