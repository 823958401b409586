import { DnxError } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { title, wordOf } from '../../base/text.ts';
import type { Endpoint } from '../api/endpoint.ts';

/** A thing on which a command acts: its id, and the words by which the user knows it. */
export interface Target {
  readonly id: string;
  readonly label: string;
}

/** True for a target as a file keeps it. */
export const isTarget = (value: unknown): value is Target =>
  isObject(value) && typeof value.id === 'string' && typeof value.label === 'string';

/** The path parameters of one call: what the API gets, and what the user is told. */
export type Targets = Readonly<Record<string, Target>>;

/** Targets as the API knows them. */
export const idsOf = (targets: Targets): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(targets).map(([name, { id }]) => [name, id]));

/** The ids of a site and its server. */
export interface SiteIds {
  readonly server: string;
  readonly site: string;
}

/** How a kind of thing can be called: the fields that hold its name, and the operation that lists it. */
export interface Naming {
  readonly list: Endpoint;
  readonly keys: readonly string[];
  /** The group of commands for it, where that is not the noun itself. */
  readonly group?: string;
}

/** Every path parameter that can be given by name. What is not here has only an id. */
export const namings: Readonly<Record<string, Naming>> = {
  server: { list: 'GET /servers', keys: ['name', 'ip_address'] },
  site: { list: 'GET /servers/{server}/sites', keys: ['domain'] },
  token: { list: 'GET /tokens', keys: ['name'] },
  variable: { list: 'GET /servers/{server}/sites/{site}/environment-variables', keys: ['key'], group: 'env' },
  database: { list: 'GET /servers/{server}/databases', keys: ['name'] },
  user: { list: 'GET /servers/{server}/databases/{database}/users', keys: ['username'], group: 'database-user' },
  ssh_key: { list: 'GET /servers/{server}/ssh-keys', keys: ['name'] },
  network_rule: { list: 'GET /servers/{server}/network-rules', keys: ['name'] },
  credential: { list: 'GET /providers/credentials', keys: ['name'] },
  git_provider: { list: 'GET /git-providers', keys: ['name'] },
  git_repository: { list: 'GET /git-repositories', keys: ['name'] },
};

/** The thing that a list holds, as endpoints name it: `credential` for `GET /providers/credentials`. */
export const nounIn = (list: Endpoint): string | undefined => Object.keys(namings).find((noun) => namings[noun]?.list === list);

/** What the API sent as an id, as text. Undefined where it is no id: an empty or broken text, an object, or a number that lost its digits. */
export function idIn(value: unknown): string | undefined {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  // Half a character cannot be written into a path.
  return typeof value === 'string' && !['', '.', '..'].includes(value.trim()) && !/\p{Cs}/u.test(value) ? value : undefined;
}

/** The id of a thing that the API sent. Throws where it is no id: a request for it would be one for something else. */
export function requireId(thing: JsonObject, noun: string): string {
  const id = idIn(thing.id);
  if (id !== undefined) return id;
  throw new DnxError('failed', `Deploynix answered with an unusable id for a ${title(noun)}: ${wordOf(thing.id) || 'it is empty'}.`);
}

/** A thing that the API sent, as a target: its id, and its name where it has one. */
export function targetOf(thing: JsonObject, noun: string): Target {
  const id = requireId(thing, noun);
  return { id, label: wordOf(thing[namings[noun]?.keys[0] ?? 'id']) || id };
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/i;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A ULID, a UUID or a whole number is an id and costs no request; anything else is a name. */
export const isId = (value: string): boolean => ULID.test(value) || UUID.test(value) || /^\d+$/.test(value);
