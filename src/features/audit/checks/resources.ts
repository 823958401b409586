import type { JsonObject } from '../../../base/json.ts';
import { phaseOf, statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { DAY, timeOf } from '../../../base/time.ts';
import { idIn } from '../../../platform/names/names.ts';
import { isComplete, wasComplete } from '../../backup/choose.ts';
import { type AuditPlace, commandWord, type Flaw, onServer, onSite, wordList } from '../finding.ts';

/** The ports of databases, caches and search engines, which need no public access. */
const PORTS: Readonly<Record<number, string>> = {
  3306: 'MySQL',
  5432: 'PostgreSQL',
  6379: 'Redis',
  7700: 'Meilisearch',
  9200: 'Elasticsearch',
  11211: 'Memcached',
  27017: 'MongoDB',
};

/** The one that also answers over UDP. */
const MEMCACHED = 11211;

const WORLD = new Set(['0.0.0.0/0', '::/0', '0.0.0.0', '::', 'any', 'anywhere', 'all', '*', 'everyone', 'world', 'internet']);
const ALLOWS = new Set(['allow', 'allowed', 'accept', 'permit']);
const EVERY_PORT = new Set(['any', 'all', '*']);

/** Firewall rules that open the port of a database to everyone. A rule that does not say enough is none. */
export function* openPorts(networkRules: readonly JsonObject[], place: AuditPlace): Iterable<Flaw> {
  for (const rule of networkRules) {
    const ports = openedPorts(rule);
    if (ports.length === 0) continue;
    const spec = wordOf(rule.port);
    const services = ports.map((port) => `${PORTS[port]} (${port})`);
    const id = idIn(rule.id);
    const name = wordOf(rule.name);
    yield {
      resource: name || spec,
      identity: [spec, statusKey(rule.protocol), name],
      message: `${wordList(services)} ${ports.length === 1 ? 'is' : 'are'} open to the world${name === '' ? '' : ` by the firewall rule '${name}'`}`,
      fix: ['network-rule', ...(id === undefined ? ['list'] : ['delete', id]), ...onServer(place)],
    };
  }
}

function openedPorts({ action, source, port, protocol }: JsonObject): readonly number[] {
  if (!ALLOWS.has(statusKey(action)) || !isWorld(source)) return [];
  const known = statusKey(protocol) === 'udp' ? [MEMCACHED] : Object.keys(PORTS).map(Number);
  const ranges = rangesIn(port);
  return known.filter((candidate) => ranges.some(([first, last]) => candidate >= first && candidate <= last));
}

const wordsIn = (value: unknown): readonly string[] =>
  [value].flat().flatMap((item) =>
    wordOf(item)
      .split(/[,;\s]+/)
      .map((word) => word.toLowerCase()),
  );

/** Null is everyone; a missing field says nothing. */
const isWorld = (source: unknown): boolean => source === null || source === '' || wordsIn(source).some((word) => WORLD.has(word));

/** The ranges of `3306`, `3306:3310`, `3306-3310`, `3306,5432`, `3306/tcp`, or a list of those. */
const rangesIn = (port: unknown): readonly (readonly [first: number, last: number])[] =>
  wordsIn(port).flatMap((word): readonly [number, number][] => {
    if (EVERY_PORT.has(word)) return [[1, 65_535]];
    const [, first, last = first] = /^(\d{1,5})(?:[:-](\d{1,5}))?(?:\/\w+)?$/.exec(word) ?? [];
    return first === undefined ? [] : [[Number(first), Number(last)]];
  });

/** Databases of the database server itself, whose content belongs to no site. */
const INTERNAL = new Set(['information_schema', 'performance_schema', 'mysql', 'sys', 'postgres', 'template0', 'template1']);

/** When each database was backed up last, in epoch ms: undefined without a completed backup, infinite if the time of one is unknown. */
export type BackupTimes = (server: string | undefined, database: string | undefined) => number | undefined;

/** The newest completed backup of every database. One that is being restored was completed before. */
export function backupTimes(backups: readonly JsonObject[]): BackupTimes {
  const newest = new Map<string, number>();
  for (const backup of backups) {
    const database = idIn(backup.database_id);
    if (database === undefined || statusKey(backup.type) === 'application') continue;
    if (!isComplete(backup) && !(wasComplete(backup) && phaseOf(backup.status) === 'going')) continue;
    const at = timeOf(backup.completed_at) ?? timeOf(backup.created_at) ?? Number.POSITIVE_INFINITY;
    const key = `${idIn(backup.server_id) ?? ''} ${database}`;
    newest.set(key, Math.max(newest.get(key) ?? at, at));
  }
  return (server, database) => {
    const times = [newest.get(`${server} ${database}`), newest.get(` ${database}`)].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  };
}

/** Databases of a server without a backup of the last `days`. A database that is younger than that may still get one. */
export function* missingBackups(
  databases: readonly JsonObject[],
  place: AuditPlace,
  { backups, days, now }: { readonly backups: BackupTimes; readonly days: number; readonly now: number },
): Iterable<Flaw> {
  const since = now - days * DAY;
  const names = databases.map((database) => wordOf(database.name));
  for (const database of databases) {
    const name = wordOf(database.name);
    const phase = phaseOf(database.status);
    if (INTERNAL.has(name.toLowerCase()) || phase === 'going' || phase === 'bad') continue;
    const id = idIn(database.id);
    const last = backups(place.server?.id, id);
    const created = timeOf(database.created_at);
    if ((last ?? Number.NEGATIVE_INFINITY) >= since || (created !== undefined && created > since)) continue;
    const word = commandWord(name, id, names);
    const old = last === undefined ? 'has no completed backup' : `was last backed up ${Math.floor((now - last) / DAY)} days ago`;
    yield {
      resource: name || (id ?? null),
      identity: name || id,
      message: `Database ${name || id} ${old}`,
      fix: [...(word === undefined ? ['database', 'list'] : ['backup', 'create', '--database', word]), ...onServer(place)],
    };
  }
}

const STOPPED = new Set(['stopped', 'exited', 'inactive', 'dead', 'down']);
const CRASHED = new Set(['fatal', 'crashed', 'backoff']);

/** Queue workers of a site that do not run. */
export function* stoppedWorkers(queues: readonly JsonObject[], place: AuditPlace): Iterable<Flaw> {
  const names = queues.map((queue) => wordOf(queue.queue));
  for (const queue of queues) {
    const state = stateOf(queue);
    if (!state) continue;
    const name = wordOf(queue.queue) || wordOf(queue.id);
    const word = commandWord(name, idIn(queue.id), names);
    yield {
      severity: state.severity,
      resource: name,
      identity: [wordOf(queue.connection), name],
      message: `Queue worker '${name}' ${state.words}`,
      fix: ['queue', ...(word === undefined ? ['list'] : ['restart', word]), ...onSite(place)],
    };
  }
}

/** Daemons of a server that do not run. */
export function* stoppedDaemons(daemons: readonly JsonObject[], place: AuditPlace): Iterable<Flaw> {
  for (const daemon of daemons) {
    const state = stateOf(daemon);
    if (!state) continue;
    const command = wordOf(daemon.command);
    const name = withoutOptions(command) || wordOf(daemon.id);
    const id = idIn(daemon.id);
    yield {
      severity: state.severity,
      resource: name,
      identity: [command || name, wordOf(daemon.directory)],
      message: `Daemon '${name}' ${state.words}`,
      fix: ['daemon', ...(id === undefined ? ['list'] : ['restart', id]), ...onServer(place)],
    };
  }
}

/** A command without its options, which may be secrets. */
const withoutOptions = (command: string): string => command.trim().replace(/\s+\S*?(^|(?<=\s))(-|\S*[=@?]|\S+:\/\/).*$/s, '');

function stateOf({ status }: JsonObject): { readonly severity: 'high' | 'medium'; readonly words: string } | undefined {
  const key = statusKey(status);
  if (phaseOf(status) === 'bad' || CRASHED.has(key)) return { severity: 'high', words: 'has failed' };
  return STOPPED.has(key) ? { severity: 'medium', words: 'is stopped' } : undefined;
}
