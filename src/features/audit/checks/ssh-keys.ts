import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../base/json.ts';
import { wordOf } from '../../../base/text.ts';
import { idIn, type Target } from '../../../platform/names/names.ts';
import { commandWord, type Flaw, onServer, wordList } from '../finding.ts';

/** The SSH keys of a server. */
export interface KeysOn {
  readonly server: Target;
  readonly keys: readonly JsonObject[];
}

interface Key {
  readonly marks: Set<string>;
  readonly name: string;
  readonly publicKey: string;
  readonly on: Map<Target, JsonObject>;
}

/** Keys that some servers have and others do not, each name once: two keys with one name would seem to contradict each other. */
export function* differingKeys(all: readonly KeysOn[]): Iterable<Flaw> {
  const keys = keysIn(all);
  for (const name of new Set(keys.map((key) => key.name))) {
    const named = keys.filter((key) => key.name === name);
    if (named.every((key) => key.on.size === all.length)) continue;
    const [key, ...others] = named;
    const identity = named.map(({ marks }) => [...marks].sort()[0]).sort();
    if (key && others.length === 0) yield { resource: name, identity: identity[0], ...differing(key, all) };
    else yield { resource: name, identity, ...sharing(named) };
  }
}

const labelsOf = (servers: readonly Target[]): string => wordList(servers.map(({ label }) => label));

const onFirst = ([server]: readonly Target[]): readonly string[] => onServer(server ? { server } : {});

function differing(key: Key, all: readonly KeysOn[]): Pick<Flaw, 'message' | 'fix'> {
  const present = [...key.on.keys()];
  const missing = all.flatMap(({ server }) => (key.on.has(server) ? [] : [server]));
  return {
    message: `SSH key '${key.name}' is on ${labelsOf(present)}, but not on ${labelsOf(missing)}`,
    fix: present.length > missing.length ? adding(key, missing) : removing(key, present, all),
  };
}

/** Different keys with one name. Which of them is wanted, only their owner knows. */
function sharing(named: readonly Key[]): Pick<Flaw, 'message' | 'fix'> {
  const places = named.map(({ on }) => [...on.keys()]);
  const [fewest = []] = places.toSorted((one, other) => one.length - other.length);
  const where = places.map((servers) => `one on ${labelsOf(servers)}`).join(', ');
  return {
    message: `${named.length} different SSH keys are named '${named[0]?.name}': ${where}`,
    fix: ['ssh-key', 'list', ...onFirst(fewest)],
  };
}

/** The same key may have other names on other servers. */
function keysIn(all: readonly KeysOn[]): readonly Key[] {
  const bare = all.some(({ keys }) => keys.some((record) => marksOf(record).length === 0));
  const found: Key[] = [];
  for (const { server, keys } of all) {
    for (const record of keys) {
      const name = wordOf(record.name) || wordOf(record.id);
      // A record that shows no key is recognized by its name, as all others are then.
      const marks = [...marksOf(record), ...(bare ? [`name:${name}`] : [])];
      const known = found.find((key) => marks.some((mark) => key.marks.has(mark)));
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

const KEY = /^([\w.@-]+) ([A-Za-z0-9+/]+=*)(?:\s|$)/;

function marksOf({ public_key, fingerprint }: JsonObject): string[] {
  const shown = wordOf(fingerprint).trim();
  const [, , blob] = KEY.exec(wordOf(public_key).trim()) ?? [];
  const digest = blob === undefined ? undefined : createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return [...(digest === undefined ? [] : [`SHA256:${digest.replaceAll('=', '')}`]), ...(shown === '' ? [] : [shown])];
}

function adding({ name, publicKey }: Key, missing: readonly Target[]): readonly string[] {
  const [, type, blob] = KEY.exec(publicKey.trim()) ?? [];
  if (type === undefined || blob === undefined) return ['ssh-key', 'list', ...onFirst(missing)];
  return ['ssh-key', 'create', commandWord(name, 'key', []) ?? 'key', '--public-key', `${type} ${blob}`, ...onFirst(missing)];
}

function removing({ name, on }: Key, present: readonly Target[], all: readonly KeysOn[]): readonly string[] {
  const [server] = present;
  const names = all.find((keys) => keys.server === server)?.keys.map((record) => wordOf(record.name)) ?? [];
  const word = server && commandWord(name, idIn(on.get(server)?.id), names);
  return ['ssh-key', ...(word === undefined ? ['list'] : ['delete', word]), ...onFirst(present)];
}
