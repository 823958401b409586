import type { ScriptSection } from '../../remote/sections.ts';
import type { Disk, Process, ServerState } from '../facts.ts';

/** The state of a server in the output of the script. */
export function serverStateIn(sections: readonly ScriptSection[]): ServerState {
  const body = (name: string): string | undefined => sections.find((each) => each.name === name)?.body.toString('utf8');
  const [root = '', dangling = '', down = ''] = sections.find(({ name }) => name === 'site')?.words ?? [];
  const env = body('env');
  return {
    root: root || null,
    dangling: dangling || null,
    disks: disksIn(body('space') ?? '', body('inodes') ?? ''),
    memory: memoryIn(body('memory') ?? ''),
    php: /^PHP (\d+\.\d+\.\d+)/m.exec(body('php') ?? '')?.[1] ?? null,
    composer: body('composer') ?? null,
    env: env === undefined ? null : new Map(linesOf(env).map((key) => [key.replace(/=$/, ''), !key.endsWith('=')])),
    example: linesOf(body('example') ?? '').map((key) => key.replace(/=$/, '')),
    down: down !== '',
    services: linesOf(body('services') ?? '').flatMap(processIn),
    supervisor: linesOf(body('supervisor') ?? '').flatMap(processIn),
    programs: { own: programsIn(body('programs') ?? '', 'own'), others: programsIn(body('programs') ?? '', 'other') },
    unwritable: linesOf(body('unwritable') ?? ''),
  };
}

/** `own shop-worker`. */
const programsIn = (text: string, kind: 'own' | 'other'): readonly string[] =>
  linesOf(text).flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));

/** The clock of the server. Its time is `now` if it does not say. */
export function clocksIn(sections: readonly ScriptSection[], now: number): { readonly zone: string; readonly now: number } {
  const [, , , date = ''] = sections.find(({ name }) => name === 'site')?.words ?? [];
  const [, seconds, zone = 'Z'] = /^(\d+) ([+-]\d{4})$/.exec(date) ?? [];
  return { zone, now: seconds === undefined ? now : Number(seconds) * 1000 };
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

/** The file systems in the output of `df -P` and `df -Pi`, each once. */
export function disksIn(space: string, inodes: string): readonly Disk[] {
  const rows = (text: string) =>
    linesOf(text).flatMap((line) => {
      const [, used, mount] = /^.+?\s+\S+\s+\S+\s+\S+\s+(\d+%|-)\s+(\/.*)$/.exec(line) ?? [];
      return used === undefined || mount === undefined ? [] : [{ mount, line, used: used === '-' ? null : Number.parseInt(used, 10) }];
    });
  const files = rows(inodes);
  const unique = new Map(rows(space).map((row) => [row.mount, row]));
  return [...unique.values()].map(({ mount, line, used }) => {
    const row = files.find((each) => each.mount === mount);
    const full = used !== null && used < 100 && row && (row.used ?? 0) >= 100;
    return { mount, space: used, inodes: row?.used ?? null, line: (full ? row.line : line).replaceAll(/\s+/g, ' ') };
  });
}

/** The output of `free -b`. */
function memoryIn(text: string): ServerState['memory'] {
  const numbers = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(text)?.[1]?.split(/\s+/).map(Number) ?? [];
  const [total, , free, , , available = free] = numbers('Mem');
  return total === undefined || available === undefined ? null : { total, available, swap: numbers('Swap')[0] ?? 0 };
}

/** `shop-worker:shop-worker_00   FATAL     Exited too quickly (process log may have details)`. */
export function processIn(line: string): readonly Process[] {
  const [, name, state] = /^(\S+)\s+([A-Za-z]+)\b/.exec(line) ?? [];
  return name === undefined || state === undefined ? [] : [{ name, state, line: line.replaceAll(/\s+/g, ' ') }];
}
