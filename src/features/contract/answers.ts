import { own } from '../../base/json.ts';
import { pathsIn } from '../../cli/language/calls.ts';
import type { Leaf } from '../../cli/language/tree.ts';
import { namings } from '../../platform/names/namings.ts';
import { MARKS } from '../deploy/release.ts';
import { PLAIN_TOKEN } from '../token/token.ts';

/** A field of a response that dnx shows or reads. */
export interface KnownColumn {
  readonly name: string;
  /** Other names that dnx reads instead. */
  readonly or?: readonly string[];
  /** The type that dnx formats, if it does. */
  readonly type?: 'date-time' | 'number' | 'boolean';
  readonly assumed: boolean;
  /** The commands that show it; none if dnx only reads it. */
  readonly commands: readonly string[];
}

type Read = Pick<KnownColumn, 'name' | 'or'>;

const SITE = '/servers/{server}/sites/{site}';
const token: readonly Read[] = [{ name: 'token', or: PLAIN_TOKEN }];
const names = (...all: readonly string[]): readonly Read[] => all.map((name) => ({ name }));

/** Fields that commands read or show without declaring `shows`. */
const others: Readonly<Record<string, readonly Read[]>> = {
  'POST /login': token,
  'POST /tokens': token,
  'GET /user': names('id', 'name', 'email'),
  'GET /tokens': names('abilities', 'last_used_at', 'created_at'),
  [`GET ${SITE}/releases`]: [
    { name: 'status', or: ['state'] },
    { name: 'active', or: MARKS },
    ...names('id', 'name', 'commit_hash', 'commit_message', 'created_at'),
  ],
  [`GET ${SITE}/webhooks`]: names('status', 'branch', 'pusher', 'commit_hash', 'commit_message', 'created_at'),
  [`GET ${SITE}/environment-variables/{variable}`]: names('value'),
  [`GET ${SITE}/environment-variables`]: names('key', 'value'),
  [`PUT ${SITE}/environment-variables/{variable}`]: names('id'),
};

/** Fields that only some responses have: the API shows a generated password once. */
const occasional: readonly string[] = ['password'];

/** Commands whose columns come from another endpoint than the first, or from none. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'site list': ['GET /servers/{server}/sites'],
  'backup restore': ['POST /backups/{backup}/restore'],
  'db tunnel': [],
  'env set': [`POST ${SITE}/environment-variables`, `PUT ${SITE}/environment-variables/{variable}`],
};

/** The endpoints whose responses a command shows. */
export function shownFrom({ path, command: { calls } }: Leaf): readonly string[] {
  const { first, others } = typeof calls === 'function' ? { first: undefined, others: [] } : pathsIn(calls);
  return own(elsewhere, path) ?? [...(first ? [first] : []), ...others];
}

/** What the API reference shows of a server. */
const statedOfServer =
  'id name provider ip_address ssh_user region size php_version database_type webserver status monitoring_enabled provisioned_at created_at updated_at sites_count'.split(
    ' ',
  );

/** Responses that dnx polls until their status is final. */
const followed: readonly string[] = [
  'GET /servers',
  'GET /servers/{server}',
  `GET ${SITE}`,
  `GET ${SITE}/releases`,
  'GET /backups',
  `GET ${SITE}/certificates`,
  `GET ${SITE}/certificates/{certificate}`,
];

/** True if commands wait for the status in this response. */
export const isFollowed = (endpoint: string): boolean => followed.includes(endpoint);

/** Fields of a response that dnx needs to find resources by name, or reads without declaring it. */
export function readFrom(endpoint: string): readonly Read[] {
  const naming = Object.values(namings).find(({ list, broader }) => list === endpoint || broader === endpoint);
  return [
    ...(naming ? names('id', ...naming.keys.slice(0, 1)) : []),
    ...(isFollowed(endpoint) ? names('id', 'status') : []),
    ...(others[endpoint] ?? []),
  ];
}

/** A field of a response, with what dnx expects of its value. */
export function columnOf(endpoint: string, { name, or }: Read, commands: readonly string[]): KnownColumn | undefined {
  if (occasional.includes(name)) return undefined;
  const type = formatted(name);
  const stated = /^\w+ \/servers(\/\{server\})?$/.test(endpoint) && statedOfServer.includes(name);
  return { name, ...(or && { or }), ...(type && { type }), assumed: !stated, commands };
}

function formatted(name: string): KnownColumn['type'] {
  if (/_at$/.test(name)) return 'date-time';
  if (/^(timeout|sleep|sites_count|processes)$/.test(name)) return 'number';
  return /_enabled$/.test(name) ? 'boolean' : undefined;
}
