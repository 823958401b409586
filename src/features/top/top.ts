import { DnxError, orError, usage } from '../../base/errors.ts';
import { inParallel } from '../../base/parallel.ts';
import { duration, SECOND, shownTimeIn } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { failure, nullable, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import type { Style } from '../../cli/output/text.ts';
import { type Column, columns, type LiveState, type Result, rows } from '../../cli/output/view.ts';
import { errorOf } from '../../cli/run/several.ts';
import { serverEndpoint } from '../../platform/follow/readers.ts';
import { everyServer, type Member } from '../remote/fleet.ts';
import { AT_A_TIME } from '../remote/side-by-side.ts';
import { unasked } from '../remote/ssh.ts';
import { polled } from '../watch/watch.ts';
import { measures, measuresOf, readHealth } from '../why/server/health.ts';

/** How busy a server is, for scripts. */
export const busyServer = objectOf({ id: word, name: word, ...measures, error: nullable(failure) });
type BusyServer = Printed<typeof busyServer>;

type TopOptions = Given<{ servers: readonly string[]; user: string; watch: boolean; interval: number }>;

const INTERVAL_MS = 5 * SECOND;

/** `dnx top`. */
export async function showTop(ctx: Context, { servers, user, watch, interval }: TopOptions): Promise<Result<readonly BusyServer[]>> {
  if (interval !== undefined && !watch) throw usage('--interval needs --watch.');
  const members = await membersOf(ctx, servers, user);
  const read = readerFor(ctx, members);
  if (watch) return { view: { kind: 'live', states: liveStates(ctx, read, interval ?? INTERVAL_MS) } };
  ctx.progress.step(`Reading ${members.length === 1 ? members[0]?.name : `${members.length} servers`} over SSH`);
  const found = await read();
  ctx.progress.done();
  const failed = found.filter(({ error }) => error).map(({ name }) => name);
  const words = `${failed.length} of ${found.length} servers could not be read: ${failed.join(', ')}.`;
  const exit = failed.length > 0 ? new DnxError('partial', words) : undefined;
  return { view: tableOf(found, false), exit };
}

async function membersOf(ctx: Context, names: readonly string[] | undefined, user: string | undefined): Promise<readonly Member[]> {
  const resolved = inParallel(names ?? [], async (server) => (await ctx.resolve(serverEndpoint, { server })).server?.id);
  const [all, ids] = await Promise.all([everyServer(ctx, user), resolved]);
  return names ? all.filter(({ server }) => ids.includes(server.id)) : all;
}

/** Reads every server, for at most so long: what has not answered by then keeps its row, and is still waited for. */
function readerFor(ctx: Context, members: readonly Member[]) {
  const silent = unasked(ctx);
  const latest: BusyServer[] = [];
  const pending = new Map<number, Promise<void>>();
  const readOne = async (index: number, { name, server, place }: Member) => {
    const health = await orError((async () => readHealth(silent, place().machine, 'top'))());
    const error = health instanceof DnxError ? health : health.complete ? undefined : new DnxError('failed', 'It ran no command over SSH.');
    const numbers = measuresOf(health instanceof DnxError ? undefined : health);
    latest[index] = { id: server.id, name, ...numbers, error: error ? errorOf(error, ctx.settings) : null };
    pending.delete(index);
  };
  const start = ([index, member]: readonly [number, Member]) => {
    const reading = pending.get(index) ?? readOne(index, member);
    pending.set(index, reading);
    return reading;
  };
  return async (limitMs?: number): Promise<readonly BusyServer[]> => {
    const all = inParallel([...members.entries()], start, AT_A_TIME);
    all.catch(() => {});
    await (limitMs === undefined ? all : Promise.race([all, ctx.clock.sleep(limitMs, ctx.signal)]));
    return latest.filter(Boolean);
  };
}

/** The width of a terminal from which on there is room for bars, and for bars beside problems. */
const ROOM = 72;
const ROOMY = 120;

async function* liveStates(ctx: Context, read: ReturnType<typeof readerFor>, intervalMs: number): AsyncGenerator<LiveState> {
  const { stdout } = ctx.world;
  const terminal = stdout.isTTY === true;
  const plan = { pause: () => intervalMs, read: () => read(intervalMs) };
  for await (const { value, at, fresh } of polled(ctx, await read(intervalMs), plan)) {
    const time = shownTimeIn(new Date(at).toISOString(), { now: ctx.clock.now(), terminal });
    const room = value.some(({ error }) => error) ? ROOMY : ROOM;
    yield {
      view: tableOf(value, terminal && (stdout.columns || room) >= room),
      changed: fresh,
      heading: `Checked ${time}, every ${duration(intervalMs)}`,
    };
  }
}

/** The table. `bars`: with bars for what is used. */
function tableOf(found: readonly BusyServer[], bars: boolean) {
  const main: readonly Column<BusyServer>[] = [
    { key: 'name', title: 'server' },
    {
      key: 'load_1m',
      title: 'load',
      cell: ({ load_1m: load, cores }) => (load === null ? '' : `${load} of ${cores}`),
      tone: (row) => toneOf(loadOf(row)),
    },
    { key: 'memory_available_bytes', title: 'memory', cell: (row) => share(memoryOf(row), bars), tone: (row) => toneOf(memoryOf(row)) },
    { key: 'disk_percent', title: 'disk', cell: ({ disk_percent: used }) => share(used, bars), tone: (row) => toneOf(row.disk_percent) },
    {
      key: 'fpm_busy',
      title: 'PHP-FPM',
      cell: poolWords,
      tone: (row) => (row.fpm_busy === null && row.fpm_processes === 0 ? 'red' : toneOf(poolOf(row))),
    },
    { key: 'workers_running', title: 'workers', cell: workerWords, tone: ({ workers_failed: failed }) => (failed ? 'red' : undefined) },
    {
      key: 'error',
      title: 'problem',
      cell: ({ error }) => error?.message.replace(/^Could not connect to \S+ over SSH: /, ''),
      wrap: true,
      ...(found.every(({ error }) => !error) && { data: true }),
    },
  ];
  const others = Object.keys({ id: '', ...measures }).filter((key) => !main.some((column) => column.key === key));
  const all = columns<BusyServer>(...main, ...others.map((key) => ({ key, data: true }) as const));
  return rows(found, all, 'No servers.', ['server', 'create']);
}

/** In percent, from which on a number is yellow, or red. */
const HIGH = { yellow: 75, red: 90 } as const;

const toneOf = (percent: number | null): keyof Style | undefined =>
  percent === null ? undefined : percent >= HIGH.red ? 'red' : percent >= HIGH.yellow ? 'yellow' : 'green';

const percentOf = (part: number | null, whole: number | null): number | null =>
  part === null || !whole ? null : Math.round((100 * part) / whole);

const loadOf = ({ load_1m: load, cores }: BusyServer) => percentOf(load, cores);

const memoryOf = ({ memory_total_bytes: total, memory_available_bytes: available }: BusyServer) =>
  percentOf(total === null || available === null ? null : total - available, total);

const poolOf = ({ fpm_busy: busy, fpm_max: most }: BusyServer) => percentOf(busy, most);

const BAR = 8;

/** `██░░░░░░ 28%`. */
function share(percent: number | null, bars: boolean): string {
  if (percent === null) return '';
  const filled = Math.min(BAR, Math.ceil((percent / 100) * BAR));
  return `${bars ? `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ` : ''}${percent}%`;
}

/** `3 of 10`, or how many processes there are if nothing tells how many are busy. */
function poolWords({ fpm_busy: busy, fpm_max: most, fpm_processes: processes, fpm_waiting: waiting }: BusyServer): string {
  if (processes === null) return '';
  const words = busy === null ? `${processes} started` : `${busy} of ${most}`;
  return waiting ? `${words}, ${waiting} waiting` : words;
}

function workerWords({ workers_running: running, workers_failed: failed }: BusyServer): string {
  if (running === null) return '';
  return failed ? `${running}, ${failed} failed` : String(running);
}
