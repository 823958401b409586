import { statusKey } from '../../../base/status.ts';
import type { Context } from '../../../cli/language/command.ts';
import { nullable, number, type Shape } from '../../../cli/language/shape.ts';
import type { Machine } from '../../remote/machine.ts';
import { readSections, type ScriptSection } from '../../remote/sections.ts';
import { unitsIn } from '../../remote/units.ts';
import HEALTH from './health.sh';
import { clocksIn, logOfText } from './read.ts';
import { disksIn, linesOf, memoryIn, type Process, processIn } from './state.ts';

/** How a server is. Null: it could not be read. */
export type Health = ReturnType<typeof healthIn>;

/** What takes longer, and is left out of `dnx top`, may take this long, in ms. */
export const LIMIT_MS = { top: 20_000, why: 60_000, audit: 60_000 } as const;

/** Reads how a server is, over one connection. `domains`: those whose certificates count. */
export async function readHealth(ctx: Context, machine: Machine, wanted: keyof typeof LIMIT_MS, domains: readonly string[] = []) {
  const sections = await readSections(ctx, machine, `${HEALTH}report "$@"\n`, [wanted, ...domains], LIMIT_MS[wanted]);
  return healthIn(sections, ctx.clock.now());
}

function healthIn(sections: readonly ScriptSection[], now: number) {
  const body = (name: string): string | undefined => sections.find((section) => section.name === name)?.body.toString('utf8');
  const lines = (name: string): readonly string[] | null => (body(name) === undefined ? null : linesOf(body(name) ?? ''));
  const clocks = clocksIn(sections, now);
  const supervisor = body('supervisor');
  const refused = /^(?:error:|unix:|http:)/m.test(supervisor ?? '');
  return {
    now: clocks.now,
    complete: sections.at(-1)?.name === 'end',
    load: loadIn(body('load') ?? ''),
    disks: disksIn(body('space') ?? '', body('inodes') ?? ''),
    memory: memoryIn(body('memory') ?? ''),
    fpm: fpmIn(body('fpm') ?? ''),
    /** Undefined without Supervisor. */
    supervisor: supervisor === undefined ? undefined : refused ? null : linesOf(supervisor).flatMap(processIn),
    /** How many processes work on queues, whoever started them. */
    workers: body('workers') === undefined ? null : Number(body('workers')),
    services: body('services') === undefined ? null : unitsIn(body('services') ?? ''),
    failed: lines('failed')?.map((line) => line.trim().replace(/^[*●] */, '')) ?? null,
    killed: body('kernel') === undefined ? null : logOfText('kernel', body('kernel') ?? '', clocks).lines,
    busiest: lines('cpu') ?? [],
    largest: lines('resident') ?? [],
    /** The packages that wait for a reboot. */
    reboot: lines('reboot') && [...new Set(lines('reboot'))],
    updates: lines('updates'),
    certificates: sections
      .filter(({ name }) => name === 'certificate')
      .map(({ words: [domain = ''], body }) => ({ domain, served: body.toString('utf8') })),
  };
}

function loadIn(text: string) {
  const [, one, five, fifteen, cores] = /load averages?: ([\d.]+),? ([\d.]+),? ([\d.]+)\s+(\d+)/.exec(text) ?? [];
  return cores === undefined ? null : { one: Number(one), five: Number(five), fifteen: Number(fifteen), cores: Number(cores) };
}

function fpmIn(text: string) {
  const [pools = 0, processes = 0, most = 0, busy = null, waiting = null] = linesOf(text)[0]?.split(' ').filter(Boolean).map(Number) ?? [];
  if (pools + processes === 0) return null;
  // The pools are configured elsewhere, or do not run.
  return most > 0 ? { processes, most, busy, waiting } : { processes, most: null, busy: null, waiting: null };
}

/** True for a process that Supervisor could not start, or that has ended. One that is stopped may be meant to. */
export const hasFailed = ({ state }: Process): boolean => ['fatal', 'backoff', 'exited', 'unknown'].includes(statusKey(state));

const keys = [
  ...(['load_1m', 'load_5m', 'load_15m', 'cores'] as const),
  ...(['memory_total_bytes', 'memory_available_bytes', 'swap_total_bytes', 'swap_used_bytes'] as const),
  /** Of the fullest disk. */
  ...(['disk_percent', 'inodes_percent'] as const),
  /** Requests that PHP-FPM works on, and those that wait for a process. */
  ...(['fpm_processes', 'fpm_busy', 'fpm_waiting', 'fpm_max'] as const),
  /** Processes of Supervisor; without it, those that work on queues. */
  ...(['workers_running', 'workers_failed'] as const),
];
export type Measures = Readonly<Record<(typeof keys)[number], number | null>>;

/** A server in numbers, for scripts. Null: not read, or there is none. */
export const measures = Object.fromEntries(keys.map((key) => [key, nullable(number)])) as Readonly<
  Record<keyof Measures, Shape<number | null>>
>;

/** The numbers of a server; none if it could not be read. */
export function measuresOf(health: Health | undefined): Measures {
  const { load, memory, fpm, supervisor } = health ?? {};
  const disk = [...(health?.disks ?? [])].sort((one, other) => usedOf(other) - usedOf(one))[0];
  const running = supervisor ? supervisor.filter(({ state }) => statusKey(state) === 'running').length : health?.workers;
  const found: Readonly<Record<keyof Measures, number | null | undefined>> = {
    ...{ load_1m: load?.one, load_5m: load?.five, load_15m: load?.fifteen, cores: load?.cores },
    ...{ memory_total_bytes: memory?.total, memory_available_bytes: memory?.available },
    ...{ swap_total_bytes: memory?.swap, swap_used_bytes: memory?.swap_used },
    ...{ disk_percent: disk?.space, inodes_percent: disk?.inodes },
    ...{ fpm_processes: fpm?.processes, fpm_busy: fpm?.busy, fpm_waiting: fpm?.waiting, fpm_max: fpm?.most },
    ...{ workers_running: running, workers_failed: supervisor?.filter(hasFailed).length },
  };
  return Object.fromEntries(keys.map((key) => [key, found[key] ?? null])) as Measures;
}

/** What is used of a disk: of its space, or of its inodes. */
export const usedOf = ({ space, inodes }: Health['disks'][number]): number => Math.max(space ?? 0, inodes ?? 0);
