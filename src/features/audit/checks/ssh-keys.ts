import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn, type Target } from '../../../platform/names/names.ts';
import type { Risk } from '../finding.ts';
import { commandWord, onServer, wordList } from '../words.ts';

/** The SSH keys of a server. */
export interface KeysOn {
  readonly server: Target;
  readonly keys: readonly JsonObject[];
}

/** A key, and where it is. */
interface Key {
  /** Every mark by which a record of it is recognized. */
  readonly marks: Set<string>;
  readonly name: string;
  readonly publicKey: string;
  readonly on: Map<Target, JsonObject>;
}

/** Keys that some servers have and others do not, each name once: two keys with one name would seem to contradict each other. */
export function differingKeys(all: readonly KeysOn[]): readonly Risk[] {
  const keys = keysIn(all);
  return [...new Set(keys.map(({ name }) => name))].flatMap((name): readonly Risk[] => {
    const named = keys.filter((each) => each.name === name);
    if (named.every((key) => key.on.size === all.length)) return [];
    const [key] = named;
    const identity = named.map(({ marks }) => [...marks].sort()[0]).sort();
    const risk = { rule: 'ssh-key-differs', place: {}, resource: name } as const;
    return key && named.length === 1
      ? [{ ...risk, identity: identity[0], ...differing(key, all) }]
      : [{ ...risk, identity, ...sharing(named) }];
  });
}

const where = (servers: readonly Target[]): string => wordList(servers.map(({ label }) => label));

function differing(key: Key, all: readonly KeysOn[]): Pick<Risk, 'message' | 'fix'> {
  const present = [...key.on.keys()];
  const missing = all.flatMap(({ server }) => (key.on.has(server) ? [] : [server]));
  return {
    message: `SSH key '${key.name}' is on ${where(present)}, but not on ${where(missing)}`,
    fix: present.length > missing.length ? adding(key, missing) : removing(key, present, all),
  };
}

/** Different keys with one name. Which of them is wanted, only their owner knows. */
function sharing(named: readonly Key[]): Pick<Risk, 'message' | 'fix'> {
  const places = named.map(({ on }) => [...on.keys()]);
  const [server] = places.toSorted((one, other) => one.length - other.length)[0] ?? [];
  return {
    message: `${named.length} different SSH keys are named '${named[0]?.name}': ${places.map((each) => `one on ${where(each)}`).join(', ')}`,
    fix: ['ssh-key', 'list', ...onServer(server ? { server } : {})],
  };
}

/** The same key may have other names on other servers. */
function keysIn(all: readonly KeysOn[]): readonly Key[] {
  const bare = all.some(({ keys }) => keys.some((each) => marksOf(each).length === 0));
  const found: Key[] = [];
  for (const { server, keys } of all) {
    for (const record of keys) {
      const name = wordOf(record.name) || wordOf(record.id);
      // A record that shows no key is recognized by its name, as all others are then.
      const marks = [...marksOf(record), ...(bare ? [`name:${name}`] : [])];
      const known = found.find((each) => marks.some((mark) => each.marks.has(mark)));
      if (!known) {
        found.push({ marks: new Set(marks), name, publicKey: wordOf(record.public_key), on: new Map([[server, record]]) });
        continue;
      }
      for (const mark of marks) known.marks.add(mark);
      if (!known.on.has(server)) known.on.set(server, record);
    }
  }
  return found;
}

/** The fingerprint as the API shows it, and the one of the key. */
function marksOf({ public_key, fingerprint }: JsonObject): string[] {
  const shown = wordOf(fingerprint).trim();
  const bytes = blobOf(wordOf(public_key));
  const own = bytes === undefined ? [] : [`SHA256:${createHash('sha256').update(bytes).digest('base64').replaceAll('=', '')}`];
  return [...own, ...(shown === '' ? [] : [shown])];
}

const KEY = /^([\w.@-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/;

function blobOf(publicKey: string): Buffer | undefined {
  const [, , blob] = KEY.exec(publicKey.trim()) ?? [];
  return blob === undefined ? undefined : Buffer.from(blob, 'base64');
}

/** The command for the first server that lacks it. */
function adding({ name, publicKey }: Key, missing: readonly Target[]): readonly string[] {
  const [server] = missing;
  const [, type, blob] = KEY.exec(publicKey.trim()) ?? [];
  const on = onServer(server ? { server } : {});
  if (type === undefined || blob === undefined) return ['ssh-key', 'list', ...on];
  return ['ssh-key', 'create', commandWord(name, 'key', []) ?? 'key', '--public-key', `${type} ${blob}`, ...on];
}

/** The command for the first server that has it. */
function removing({ name, on }: Key, present: readonly Target[], all: readonly KeysOn[]): readonly string[] {
  const [server] = present;
  const names = all.find((each) => each.server === server)?.keys.map((each) => wordOf(each.name)) ?? [];
  const word = server && commandWord(name, idIn(on.get(server)?.id), names);
  return ['ssh-key', ...(word === undefined ? ['list'] : ['delete', word]), ...onServer(server ? { server } : {})];
}
