import { phaseOf, statusKey } from '../../base/status.ts';
import { type ContractDifference, type ContractFinding, grouped, shortList } from './difference.ts';
import type { Described, Parameter } from './document.ts';
import type { KnownColumn, KnownEndpoint, KnownField } from './known.ts';
import { operationDifferences } from './operations.ts';
import { collectionsIn, pattern, placeOperations } from './paths.ts';
import { isUnknown, type SchemaShape } from './schema.ts';

/** Compares a document with what dnx knows. Assumptions come first. */
export function compareOperations(operations: readonly Described[], endpoints: readonly KnownEndpoint[]): readonly ContractDifference[] {
  const known = endpoints.map(({ endpoint }) => endpoint);
  const { all, prefix } = placeOperations(operations, known);
  const described = new Map(all.map((each) => [each.key, each.described]));
  // If it names abilities somewhere, silence means none.
  const named = operations.some(({ abilities }) => abilities?.some((needed) => needed.length > 0));
  const findings = endpoints.flatMap((endpoint): ContractFinding[] => {
    const there = described.get(pattern(endpoint.endpoint));
    if (!there) return [];
    const tell = telling(endpoint);
    return [
      ...(there.deprecated ? [tell('deprecated', {}, 'deprecated in the document')] : []),
      ...parameterDifferences(endpoint, there, tell),
      ...bodyDifferences(endpoint, there, tell),
      ...answerDifferences(endpoint, there, tell),
      ...(there.otherScheme === undefined ? [] : [tell('ability', abilityOf(endpoint), otherToken(there.otherScheme))]),
      ...(named ? abilityDifferences(endpoint, there, tell) : []),
    ];
  });
  const collections = collectionsIn([...known, ...all.map(({ operation }) => operation)]);
  return grouped([...operationDifferences(all, prefix, endpoints), ...findings], collections);
}

/** Tells a difference in a field, or in a whole operation and all of its commands. */
type Tell = (
  kind: ContractFinding['kind'],
  about: { readonly name?: string | undefined; readonly assumed?: boolean; readonly commands?: readonly string[] },
  difference: string,
) => ContractFinding;

const telling =
  ({ endpoint, commands }: KnownEndpoint): Tell =>
  (kind, about, difference) => ({
    basis: about.assumed ? 'assumed' : 'stated',
    kind,
    operation: endpoint,
    name: about.name ?? null,
    difference,
    commands: about.commands ?? commands,
  });

/** Differences between the query that dnx sends and the parameters in a document, and other parameters that it requires. */
function parameterDifferences({ query }: KnownEndpoint, { parameters }: Described, tell: Tell): ContractFinding[] {
  const theirs = new Map(parameters.filter((each) => each.in === 'query').map((each) => [each.name, each]));
  const ours = new Set(query.map(({ name }) => name));
  const absent = query.filter(({ name }) => !theirs.has(name));
  // The page and its size as one: a list without pages has neither.
  const paging = absent.filter(({ commands }) => commands.length === 0).map(({ name }) => name);
  const gone = [
    ...(paging.length > 0 ? [{ name: paging.join(', '), commands: [] }] : []),
    ...absent.filter(({ commands }) => commands.length > 0),
  ];
  return [
    ...gone.map((field) => tell('field', field, 'sent by dnx in the query, not in the document')),
    ...query.flatMap((field) => fieldDifferences(field, theirs.get(field.name), tell)),
    ...parameters
      .filter((each) => (each.in === 'query' ? !ours.has(each.name) : isForeign(each)))
      .map(({ name, in: place, required }) =>
        required
          ? tell('required', { name }, `required ${place} parameter, not sent by dnx; use dnx api`)
          : tell('field', { name }, `${place} parameter without an option in dnx; use dnx api`),
      ),
  ];
}

/** A header or cookie that a request must have, and that no client sends anyway. */
const isForeign = (each: Parameter): boolean =>
  each.required && (each.in === 'cookie' || (each.in === 'header' && !/^(accept|content-type|authorization|user-agent)$/i.test(each.name)));

/** Differences between the body that dnx sends and the one in a document. */
function bodyDifferences({ endpoint, body: sent, further }: KnownEndpoint, { body }: Described, tell: Tell): ContractFinding[] {
  const whole = { assumed: true };
  if (!body) {
    const names = shortList(sent.map(({ name }) => name));
    return sent.length > 0 ? [tell('field', whole, `the document has no body; dnx sends ${names}`)] : [];
  }
  const { types, json, required } = body;
  if (!json) {
    const takes = `dnx sends JSON; the document takes ${shortList(types)}`;
    return types.length > 0 && (sent.length > 0 || required) ? [tell('type', whole, takes)] : [];
  }
  const always = endpoint.startsWith('PUT ') || sent.some((field) => field.required);
  const lacking = required && !always && json.required.size === 0;
  const bare = lacking ? [tell('required', whole, 'the document requires a body; dnx may send none')] : [];
  if (isUnknown(json) || (json.fields.size === 0 && !json.closed)) return bare;
  const theirs = new Map([...json.fields].filter(([, { readOnly }]) => !readOnly));
  const ours = new Map([...sent, ...further].map((field) => [field.name, field]));
  const refused = json.closed ? 'refused by the document (additionalProperties: false)' : 'not in the document';
  return [
    ...bare,
    ...sent.filter(({ name }) => !theirs.has(name)).map((field) => tell('field', field, `sent by dnx, ${refused}`)),
    ...[...theirs].flatMap(([name, { shape, deprecated }]) => {
      const field = ours.get(name);
      const isRequired = json.required.has(name);
      const there = { shape: shape(), required: isRequired, deprecated: deprecated && !further.some((each) => each === field) };
      if (field) return fieldDifferences(field, there, tell);
      const instead = sent.length > 0 ? `-F ${name}=VALUE` : 'dnx api';
      return [tell('field', { name }, `${isRequired ? 'required, but no option' : 'no option in dnx'}; use ${instead}`)];
    }),
  ];
}

/** Differences in a field that dnx sends, if the document has it. */
function fieldDifferences(
  field: KnownField,
  there: Pick<Parameter, 'required' | 'deprecated' | 'shape'> | undefined,
  tell: Tell,
): ContractFinding[] {
  if (!there) return [];
  const { type, choices, most, format } = field;
  const { types, items, maximum, format: theirs } = there.shape;
  const inner = type === 'array' ? items?.() : undefined;
  const { values } = inner ?? there.shape;
  return [
    ...(there.required && !field.required ? [tell('required', { ...field, commands: field.optional }, OPTIONAL)] : []),
    ...(there.deprecated ? [tell('deprecated', field, 'deprecated in the document')] : []),
    ...typeDifference(sentTypes[type], type === 'id' ? 'string' : type, types).map((text) => tell('type', field, text)),
    ...(inner?.types && !inner.types.has('string')
      ? [tell('type', field, `array of strings in dnx, of ${shortList([...inner.types])} in the document`)]
      : []),
    ...(choices && values ? choiceDifference(choices, values).map((text) => tell('values', field, text)) : []),
    ...(most !== undefined && maximum !== undefined && maximum < most
      ? [tell('values', field, `dnx sends up to ${most}; the document allows ${maximum}`)]
      : []),
    ...(format && theirs !== undefined && theirs !== format ? [tell('type', field, `${format} in dnx, ${theirs} in the document`)] : []),
  ];
}

const OPTIONAL = 'required by the document, optional in dnx';

const sentTypes: Readonly<Record<KnownField['type'], readonly string[]>> = {
  string: ['string'],
  integer: ['integer', 'number'],
  boolean: ['boolean'],
  array: ['array'],
  id: ['string', 'integer', 'number'],
};

/** A difference if the document allows none of these types. */
const typeDifference = (expected: readonly string[], words: string, types: SchemaShape['types']): readonly string[] =>
  !types || expected.some((each) => types.has(each)) ? [] : [`${words} in dnx, ${shortList([...types])} in the document`];

function choiceDifference(choices: readonly string[], values: ReadonlySet<string>): readonly string[] {
  const offered = new Set(choices);
  const ours = choices.filter((each) => !values.has(each));
  // A token may have every ability.
  const theirs = [...values].filter((each) => !offered.has(each) && each !== '*');
  const apart = [
    ...(ours.length > 0 ? [`only in dnx: ${shortList(ours)}`] : []),
    ...(theirs.length > 0 ? [`only in the document: ${shortList(theirs)}`] : []),
  ];
  return apart.length > 0 ? [apart.join('; ')] : [];
}

/** Differences between the response that dnx reads and the one in a document. */
function answerDifferences(endpoint: KnownEndpoint, { answer }: Described, tell: Tell): ContractFinding[] {
  if (!answer) return [];
  const { types, json } = answer;
  const whole = (difference: string) => [tell('response', {}, difference)];
  const reads = endpoint.answer.length > 0;
  if (endpoint.form === 'file') return json && types.length === 1 && types[0] !== '*/*' ? whole('JSON in the document, a file in dnx') : [];
  if (types.length === 0) return reads ? whole(`no body in the document; dnx reads ${columnNames(endpoint.answer)}`) : [];
  if (!json) return reads ? whole(`${shortList(types)} in the document, JSON in dnx`) : [];
  if (isUnknown(json)) return [];
  const data = json.fields.get('data')?.shape() ?? json;
  if (endpoint.form === 'list') {
    if (!data.items) return isUnknown(data) || isArray(data) ? [] : whole(otherList(json));
    return [...(isPaged(json) ? [] : whole(UNPAGED)), ...columnDifferences(endpoint, [data.items(), json], tell)];
  }
  if (reads && data.items && isArray(data)) return whole('a list in the document, one resource in dnx');
  return columnDifferences(endpoint, data === json ? [json] : [data, json], tell);
}

const columnNames = (columns: readonly KnownColumn[]): string => shortList(columns.map(({ name }) => name));

const isArray = ({ types }: SchemaShape): boolean => types?.size === 1 && types.has('array');

/** Says where the list is, if it is not in `data`. */
function otherList({ fields }: SchemaShape): string {
  const [name] = [...fields].find(([, { shape }]) => isArray(shape())) ?? [];
  return name === undefined ? 'one resource in the document, a list in dnx' : `the list is in ${name}; dnx reads data`;
}

const UNPAGED = 'no meta.last_page in the document: dnx reads only the first page';

/** dnx counts pages, and stops after the first one if their number is not there. True for a list without pages, too. */
function isPaged({ fields }: SchemaShape): boolean {
  const meta = fields.get('meta')?.shape().fields ?? new Map<string, unknown>();
  return (
    meta.has('last_page') || ![...fields.keys(), ...meta.keys()].some((name) => /cursor|last_page|total|per_page|current_page/.test(name))
  );
}

/** Differences in the fields of a resource, which are in the first of these places or in the next. */
function columnDifferences(endpoint: KnownEndpoint, places: readonly SchemaShape[], tell: Tell): ContractFinding[] {
  const [resource] = places;
  if (!resource || (isUnknown(resource) && places.length > 1)) return [];
  const find = ({ name, or = [] }: KnownColumn): SchemaShape | undefined =>
    [name, ...or]
      .flatMap((each) => places.map(({ fields }) => fields.get(each)))
      .find((field) => field && !field.writeOnly)
      ?.shape();
  const missing = endpoint.answer.filter((column) => !find(column));
  if (missing.length > 1 && missing.length === endpoint.answer.length) return [tell('response', {}, otherPlace(places, missing))];
  return [
    ...missing.map((column) => tell('response', column, `${column.commands.length > 0 ? 'shown' : 'read'} by dnx, not in the document`)),
    ...endpoint.answer.flatMap((column) => {
      const shape = find(column);
      if (!shape || (column.name === 'abilities' && shape.items)) return [];
      const [expected, words] = columnTypes[column.type ?? 'single'];
      return typeDifference(expected, words, shape.types).map((text) => tell('type', column, text));
    }),
    ...(endpoint.followed ? statusDifferences(resource, tell, endpoint.endpoint.endsWith('/releases')) : []),
  ];
}

/** Says where the resource is, if none of its fields is where dnx reads them. */
function otherPlace(places: readonly SchemaShape[], missing: readonly KnownColumn[]): string {
  for (const [name, { shape }] of places.flatMap(({ fields }) => [...fields])) {
    const inner = shape();
    if (missing.some((column) => (inner.items?.() ?? inner).fields.has(column.name))) return `the resource is in ${name}; dnx reads data`;
  }
  return `no resource in the document; dnx reads ${columnNames(missing)}`;
}

const columnTypes: Readonly<Record<NonNullable<KnownColumn['type']> | 'single', readonly [accepted: readonly string[], words: string]>> = {
  'date-time': [['string'], 'an ISO 8601 time'],
  number: [['integer', 'number'], 'number'],
  boolean: [['boolean', 'integer'], 'boolean'],
  single: [['string', 'integer', 'number', 'boolean'], 'a single value'],
};

/** Statuses that dnx knows, although they neither end nor continue any work. */
const RESTING = ['suspended', 'expired', 'superseded', 'idle'];

/** Statuses that dnx cannot classify, so that it would keep waiting. A release may have a `state` instead. */
function statusDifferences({ fields }: SchemaShape, tell: Tell, states: boolean): ContractFinding[] {
  return [...fields].flatMap(([name, { shape }]) => {
    const values = /(^|_)status$/.test(name) || (states && name === 'state') ? [...(shape().values ?? [])] : [];
    const unknown = values.filter((each) => phaseOf(each) === undefined && !RESTING.includes(statusKey(each)));
    const waits = `unknown to dnx, which would keep waiting: ${shortList(unknown)}`;
    return unknown.length > 0 ? [tell('status', { name, assumed: true }, waits)] : [];
  });
}

const abilityOf = ({ ability }: KnownEndpoint) => ({ name: ability?.ability });

const otherToken = (scheme: string): string => `the document takes ${scheme}; dnx sends a bearer token`;

/** Differences in the abilities that an operation needs. */
function abilityDifferences(endpoint: KnownEndpoint, { abilities }: Described, tell: Tell): ContractFinding[] {
  const { ability, assumed = false } = endpoint.ability ?? {};
  const own = ability === undefined ? [] : [ability];
  const same = (needed: readonly string[]) => needed.length === own.length && needed.every((each) => own.includes(each));
  if (!abilities || abilities.some(same)) return [];
  const words = abilities.map((needed) => (needed.length === 0 ? 'none' : shortList(needed))).join(' or ');
  return [tell('ability', { ...abilityOf(endpoint), assumed }, `needs ${words} in the document, ${ability ?? 'none'} in dnx`)];
}
