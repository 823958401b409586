import type { ScriptSection } from '../../remote/sections.ts';
import { unitsIn } from '../../remote/units.ts';

/** What was read from the server over SSH, besides logs. Null: it could not be read. */
export type ServerState = ReturnType<typeof serverStateIn>;

/** The state of a server in the output of the script. */
export function serverStateIn(sections: readonly ScriptSection[]) {
  const body = (name: string): string | undefined => sections.find((section) => section.name === name)?.body.toString('utf8');
  const [root = '', dangling = '', down = ''] = sections.find(({ name }) => name === 'site')?.words ?? [];
  const env = body('env');
  return {
    root: root || null,
    /** What `current` points to, if nothing is there. */
    dangling: dangling || null,
    disks: disksIn(body('space') ?? '', body('inodes') ?? ''),
    memory: memoryIn(body('memory') ?? ''),
    php: /^PHP (\d+\.\d+\.\d+)/m.exec(body('php') ?? '')?.[1] ?? null,
    composer: body('composer') ?? null,
    /** The keys of the .env of the site; true for one with a value. */
    env: env === undefined ? null : new Map(linesOf(env).map((key) => [key.replace(/=$/, ''), !key.endsWith('=')])),
    example: linesOf(body('example') ?? '').map((key) => key.replace(/=$/, '')),
    down: down !== '',
    services: unitsIn(body('services') ?? ''),
    supervisor: linesOf(body('supervisor') ?? '').flatMap(processIn),
    /** The workers of the site, how long they run, and whether they began in another release than the live one. */
    workers: linesOf(body('workers') ?? '').flatMap((line) => {
      const [, old, seconds, directory = '', command = ''] = /^(old|live) (\d+) (\S+) (.*)$/.exec(line) ?? [];
      return old === undefined ? [] : [{ old: old === 'old', seconds: Number(seconds), directory, command }];
    }),
    /** The programs of Supervisor whose configuration names a directory of this site, or of another one. */
    programs: { own: programsIn(body('programs') ?? '', 'own'), others: programsIn(body('programs') ?? '', 'other') },
    /** The directories and logs that Laravel writes to and cannot, as ls shows them. */
    unwritable: linesOf(body('unwritable') ?? ''),
  };
}

const programsIn = (text: string, kind: 'own' | 'other'): readonly string[] =>
  linesOf(text).flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []));

/** The lines of a text that have more than spaces. */
export const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

/** The file systems in the output of `df -P` and `df -Pi`, each once: what is used, in percent, and the line that says so. */
export function disksIn(space: string, inodes: string) {
  const rows = (text: string) =>
    linesOf(text).flatMap((line) => {
      const [, used, mount] = /^.+?\s+\S+\s+\S+\s+\S+\s+(\d+%|-)\s+(\/.*)$/.exec(line) ?? [];
      return used === undefined || mount === undefined ? [] : [{ mount, line, used: used === '-' ? null : Number.parseInt(used, 10) }];
    });
  const files = rows(inodes);
  const unique = new Map(rows(space).map((row) => [row.mount, row]));
  return [...unique.values()].map(({ mount, line, used }) => {
    const row = files.find((candidate) => candidate.mount === mount);
    const full = used !== null && used < 100 && row && (row.used ?? 0) >= 100;
    return { mount, space: used, inodes: row?.used ?? null, line: (full ? row.line : line).replaceAll(/\s+/g, ' ') };
  });
}

/** The memory in the output of `free -b`, in bytes. */
export function memoryIn(text: string) {
  const numbers = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(text)?.[1]?.split(/\s+/).map(Number) ?? [];
  const [total, , free, , , available = free] = numbers('Mem');
  const [swap = 0, swapped = 0] = numbers('Swap');
  // A container may have less than is available around it.
  return total === undefined || available === undefined ? null : { total, available: Math.min(total, available), swap, swap_used: swapped };
}

/** `shop-worker:shop-worker_00   FATAL     Exited too quickly (process log may have details)`. */
export function processIn(line: string): readonly { readonly name: string; readonly state: string; readonly line: string }[] {
  const [, name, state] = /^(\S+)\s+([A-Za-z]+)\b/.exec(line) ?? [];
  return name === undefined || state === undefined ? [] : [{ name, state, line: line.replaceAll(/\s+/g, ' ') }];
}

/** A process of Supervisor, and its state in its words. */
export type Process = ReturnType<typeof processIn>[number];
