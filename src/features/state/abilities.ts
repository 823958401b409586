import type { Words } from '../../cli/language/command.ts';
import type { World } from '../../machine/world.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { callOf, type KindName, kindOf, listOfKind } from '../../platform/kinds.ts';
import { namings } from '../../platform/names/names.ts';
import { operations } from '../../platform/operations.ts';
import type { AskedAbilities, AskedEndpoint } from '../token/abilities/arithmetic.ts';
import { readState } from './file.ts';
import type { StateFile } from './model.ts';

type Asked = readonly AskedEndpoint[];

/** What is read to compare a state file: its lists, and those of the names in it. */
export function readingsOf({ entries, owned }: StateFile): Asked {
  const kinds = new Set([...entries, ...owned].map(({ kind }) => kind));
  const named = entries.flatMap(({ kind, fields }) =>
    Object.entries(kindOf(kind).by ?? {}).flatMap(([field, noun]) => (field in fields ? [namings[noun]?.list ?? ('' as Endpoint)] : [])),
  );
  const places: readonly Endpoint[] = [...kinds].every((kind) => kindOf(kind).under === 'account') ? [] : ['GET /servers'];
  const lists = [...kinds].map((kind) => ({ endpoint: `GET ${listOfKind(kind)}` as Endpoint, because: kindOf(kind).section }));
  return [...places, ...named].map((endpoint) => ({ endpoint, because: 'its names' })).concat(lists);
}

/** The operations of `dnx apply` of a state file, whatever of it is there by now. */
export function askedByState(name: string, words: Words, world: Pick<World, 'cwd' | 'home'>): AskedAbilities {
  const state = readState(name, world);
  const reads = readingsOf(state);
  if (words.dry_run) return { asked: reads, notes: [] };
  const changes = state.entries.flatMap(({ kind, fields, mustExist }) => (mustExist ? [] : changesOf(kind, Object.keys(fields), words)));
  const deletions = words.delete ? state.owned.flatMap(({ kind }) => askedFor(kind, [callOf('DELETE', kind)])) : [];
  const deploys: Asked = words.deploy ? DEPLOYMENT.map((endpoint) => ({ endpoint, because: '--deploy' })) : [];
  return { asked: [...reads, ...changes, ...deletions, ...deploys], notes: [] };
}

const DEPLOYMENT: readonly Endpoint[] = [
  'POST /servers/{server}/sites/{site}/deploy',
  'GET /servers/{server}/sites/{site}',
  'GET /servers/{server}/sites/{site}/releases',
];

function changesOf(kind: KindName, fields: readonly string[], { create }: Words): Asked {
  const { switches = {} } = kindOf(kind);
  const actions = fields.flatMap((field) => Object.values(switches[field] ?? {}).map((action) => callOf('POST', kind, `/${action}`)));
  const isCreated = kind === 'site' ? Boolean(create) : kind !== 'server';
  return askedFor(kind, [...(isCreated ? [callOf('POST', kind)] : []), callOf('PUT', kind), ...actions]);
}

const askedFor = (kind: KindName, calls: readonly Endpoint[]): Asked =>
  calls.flatMap((endpoint) => (endpoint in operations ? [{ endpoint, because: kindOf(kind).section }] : []));
