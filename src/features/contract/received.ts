import { phaseOf, statusKey } from '../../base/status.ts';
import type { KnownColumn } from './answers.ts';
import type { Described } from './described.ts';
import { basisOf, type Finding, type Kind, several } from './finding.ts';
import type { KnownEndpoint } from './known.ts';
import { isUnknown, type Shape } from './shape.ts';

/** Statuses that dnx knows, although they neither end nor continue any work. */
const RESTING = ['suspended', 'expired', 'superseded', 'idle'];

/** Differences between the response that dnx reads and the one in a document. */
export function answerDifferences(endpoint: KnownEndpoint, { answer }: Described): Finding[] {
  if (!answer) return [];
  const { types, json } = answer;
  const tell = (kind: Kind, column: Partial<Pick<KnownColumn, 'name' | 'assumed' | 'commands'>>, text: string): Finding => ({
    basis: basisOf({ assumed: column.assumed ?? false }),
    kind,
    operation: endpoint.endpoint,
    name: column.name ?? null,
    text,
    commands: column.commands ?? endpoint.commands,
  });
  const isFile = endpoint.form === 'file';
  if (isFile) return json && types.length === 1 && types[0] !== '*/*' ? [tell('response', {}, 'JSON in the document, a file in dnx')] : [];
  if (types.length === 0)
    return endpoint.answer.length > 0 ? [tell('response', {}, `no body in the document; dnx reads ${namesOf(endpoint.answer)}`)] : [];
  if (!json) return endpoint.answer.length > 0 ? [tell('response', {}, `${several(types)} in the document, JSON in dnx`)] : [];
  if (isUnknown(json)) return [];
  return resourceDifferences(endpoint, json, tell);
}

type Tell = (kind: Kind, column: Partial<Pick<KnownColumn, 'name' | 'assumed' | 'commands'>>, text: string) => Finding;

function resourceDifferences(endpoint: KnownEndpoint, json: Shape, tell: Tell): Finding[] {
  const data = json.fields.get('data')?.shape() ?? json;
  const list = endpoint.form === 'list';
  const isWrapped = list ? undefined : data.items;
  if (isWrapped && isArray(data) && endpoint.answer.length > 0)
    return [tell('response', {}, 'a list in the document, one resource in dnx')];
  if (list && !data.items) return isUnknown(data) || isArray(data) ? [] : [tell('response', {}, wrongList(json))];
  const item = list && data.items ? data.items() : data;
  const places = item === json ? [item] : [item, json];
  return [...(list ? pagingDifferences(json, tell) : []), ...columnDifferences(endpoint, places, tell)];
}

const isArray = ({ types }: Shape): boolean => types?.size === 1 && types.has('array');

/** Says where the list is, if it is not in `data`. */
function wrongList({ fields }: Shape): string {
  const [name] = [...fields].find(([, { shape }]) => isArray(shape())) ?? [];
  return name === undefined ? 'one resource in the document, a list in dnx' : `the list is in ${name}; dnx reads data`;
}

/** dnx counts pages, and stops after the first one if their number is not there. */
function pagingDifferences({ fields }: Shape, tell: Tell): Finding[] {
  const meta = fields.get('meta')?.shape();
  const isPaged = [...fields.keys(), ...(meta?.fields.keys() ?? [])].some((name) =>
    /cursor|last_page|total|per_page|current_page/.test(name),
  );
  const isRead = !isPaged || meta?.fields.has('last_page');
  return isRead ? [] : [tell('response', {}, 'no meta.last_page in the document: dnx reads only the first page')];
}

function columnDifferences(endpoint: KnownEndpoint, places: readonly Shape[], tell: Tell): Finding[] {
  const [resource] = places;
  if (!resource || (isUnknown(resource) && places.length > 1)) return [];
  const find = ({ name, or = [] }: KnownColumn): Shape | undefined =>
    [name, ...or]
      .flatMap((each) => places.map(({ fields }) => fields.get(each)))
      .find((field) => field && !field.writeOnly)
      ?.shape();
  const missing = endpoint.answer.filter((column) => !find(column));
  if (missing.length > 1 && missing.length === endpoint.answer.length) return [tell('response', {}, elsewhere(places, missing))];
  return [
    ...missing.map((column) => tell('response', column, `${column.commands.length > 0 ? 'shown' : 'read'} by dnx, not in the document`)),
    ...endpoint.answer.flatMap((column) => {
      const shape = find(column);
      return shape ? typeDifference(column, shape).map((text) => tell('type', column, text)) : [];
    }),
    ...(endpoint.followed ? statusDifferences(resource, tell, endpoint.endpoint.endsWith('/releases')) : []),
  ];
}

/** Says where the resource is, if none of its fields is where dnx reads them. */
function elsewhere(places: readonly Shape[], missing: readonly KnownColumn[]): string {
  for (const { fields } of places) {
    for (const [name, { shape }] of fields) {
      const inner = shape();
      if (missing.some((column) => (inner.items?.() ?? inner).fields.has(column.name))) return `the resource is in ${name}; dnx reads data`;
    }
  }
  return `no resource in the document; dnx reads ${namesOf(missing)}`;
}

const namesOf = (columns: readonly KnownColumn[]): string => several(columns.map(({ name }) => name));

const accepted: Readonly<Record<NonNullable<KnownColumn['type']>, readonly string[]>> = {
  'date-time': ['string'],
  number: ['integer', 'number'],
  boolean: ['boolean', 'integer'],
};

function typeDifference({ name, type }: KnownColumn, { types, items }: Shape): readonly string[] {
  if (!types) return [];
  const expected = type === undefined ? ['string', 'integer', 'number', 'boolean'] : accepted[type];
  if (expected.some((each) => types.has(each)) || (name === 'abilities' && items)) return [];
  const words = type === 'date-time' ? 'an ISO 8601 time' : type === undefined ? 'a single value' : type;
  return [`${words} in dnx, ${several([...types])} in the document`];
}

/** Statuses that dnx cannot classify, so that it would keep waiting. A release may have a `state` instead. */
function statusDifferences({ fields }: Shape, tell: Tell, states: boolean): Finding[] {
  return [...fields].flatMap(([name, { shape }]) => {
    const values = /(^|_)status$/.test(name) || (states && name === 'state') ? [...(shape().values ?? [])] : [];
    const unknown = values.filter((each) => phaseOf(each) === undefined && !RESTING.includes(statusKey(each)));
    return unknown.length > 0
      ? [tell('status', { name, assumed: true }, `unknown to dnx, which would keep waiting: ${several(unknown)}`)]
      : [];
  });
}
