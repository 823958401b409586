import type { JsonObject } from '../../../base/json.ts';
import { statusKey } from '../../../base/status.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn } from '../../../platform/names/names.ts';
import type { AuditPlace, Risk } from '../finding.ts';
import { onServer, wordList } from '../words.ts';

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
export const openPorts = (networkRules: readonly JsonObject[], place: AuditPlace): readonly Risk[] =>
  networkRules.flatMap((rule) => {
    const ports = opened(rule);
    if (ports.length === 0) return [];
    const spec = wordOf(rule.port);
    const services = ports.map((port) => `${PORTS[port]} (${port})`);
    const id = idIn(rule.id);
    const name = wordOf(rule.name);
    return [
      {
        rule: 'database-port-open',
        place,
        resource: name || spec,
        identity: [spec, statusKey(rule.protocol), name],
        message: `${wordList(services)} ${ports.length === 1 ? 'is' : 'are'} open to the world${name === '' ? '' : ` by the firewall rule '${name}'`}`,
        fix: id === undefined ? ['network-rule', 'list', ...onServer(place)] : ['network-rule', 'delete', id, ...onServer(place)],
      },
    ];
  });

/** The ports of databases that a rule opens to everyone. */
function opened({ action, source, port, protocol }: JsonObject): readonly number[] {
  if (!ALLOWS.has(statusKey(action)) || !isWorld(source)) return [];
  const transport = statusKey(protocol);
  const ranges = rangesIn(port);
  return Object.keys(PORTS)
    .map(Number)
    .filter((each) => (transport === 'udp' ? each === MEMCACHED : true) && ranges.some(([first, last]) => each >= first && each <= last));
}

/** Null is everyone; a missing field says nothing. */
function isWorld(source: unknown): boolean {
  if (source === null || source === '') return true;
  const words = (Array.isArray(source) ? source : wordOf(source).split(/[,;\s]+/)).map((each) => wordOf(each).trim().toLowerCase());
  return words.some((each) => WORLD.has(each));
}

/** The ranges of `3306`, `3306:3310`, `3306-3310`, `3306,5432`, `3306/tcp`, or a list of those. */
function rangesIn(port: unknown): readonly (readonly [first: number, last: number])[] {
  const words = (Array.isArray(port) ? port : [port]).flatMap((each) => wordOf(each).split(/[,;\s]+/));
  return words.flatMap((word): (readonly [number, number])[] => {
    const plain = word.trim().toLowerCase();
    if (EVERY_PORT.has(plain)) return [[1, 65_535]];
    const [, first, last = first] = /^(\d{1,5})(?:[:-](\d{1,5}))?(?:\/\w+)?$/.exec(plain) ?? [];
    return first === undefined ? [] : [[Number(first), Number(last)]];
  });
}
