import type { Described, Parameter } from './described.ts';
import type { KnownField } from './field.ts';
import { basisOf, type Finding, type Kind, several } from './finding.ts';
import type { KnownEndpoint } from './known.ts';
import { isUnknown, type Shape } from './shape.ts';

/** Tells a difference in one operation. */
type Tell = (kind: Kind, field: Pick<KnownField, 'name' | 'assumed' | 'commands'>, text: string) => Finding;

const telling =
  ({ endpoint }: KnownEndpoint): Tell =>
  (kind, { name, assumed, commands }, text) => ({ basis: basisOf({ assumed }), kind, operation: endpoint, name, text, commands });

/** Differences between the body that dnx sends and the one in a document. */
export function bodyDifferences(endpoint: KnownEndpoint, { body }: Described): Finding[] {
  const tell = telling(endpoint);
  const whole = { name: '', assumed: true, commands: endpoint.commands };
  const isSent = endpoint.body.length > 0;
  if (!body) {
    const text = `the document has no body; dnx sends ${several(endpoint.body.map(({ name }) => name))}`;
    return isSent ? [{ ...tell('field', whole, text), name: null }] : [];
  }
  const { types, json } = body;
  if (types.length > 0 && !json)
    return isSent || body.required ? [{ ...tell('type', whole, `dnx sends JSON; the document takes ${several(types)}`), name: null }] : [];
  const always = endpoint.body.some(({ required }) => required);
  const noBody = body.required && !always && json?.required.size === 0 && !endpoint.endpoint.startsWith('PUT ');
  const lacking = noBody ? [{ ...tell('required', whole, 'the document requires a body; dnx may send none'), name: null }] : [];
  return [...lacking, ...(json ? fieldDifferences(endpoint, json, tell) : [])];
}

function fieldDifferences(endpoint: KnownEndpoint, json: Shape, tell: Tell): Finding[] {
  const ours = new Map([...endpoint.body, ...endpoint.further].map((field) => [field.name, field]));
  if (isUnknown(json) || (json.fields.size === 0 && !json.closed)) return [];
  const theirs = [...json.fields].filter(([, { readOnly }]) => !readOnly);
  const unknown = endpoint.body
    .filter(({ name }) => !json.fields.has(name) || json.fields.get(name)?.readOnly)
    .map((field) =>
      tell('field', field, `sent by dnx, ${json.closed ? 'refused by the document (additionalProperties: false)' : 'not in the document'}`),
    );
  return [
    ...unknown,
    ...theirs.flatMap(([name, { shape, deprecated }]) => {
      const field = ours.get(name);
      const isRequired = json.required.has(name);
      if (!field) return [tell('field', { name, assumed: false, commands: endpoint.commands }, withoutOption(name, isRequired, endpoint))];
      const isMissing = isRequired && !field.required;
      return [
        ...(isMissing ? [tell('required', { ...field, commands: field.optional }, 'required by the document, optional in dnx')] : []),
        ...(deprecated && field.commands.length > 0 ? [tell('deprecated', field, 'deprecated in the document')] : []),
        ...valueDifferences(field, shape(), tell),
      ];
    }),
  ];
}

function withoutOption(name: string, isRequired: boolean, { body }: KnownEndpoint): string {
  const instead = body.length > 0 ? `-F ${name}=VALUE` : 'dnx api';
  return `${isRequired ? 'required, but no option' : 'no option in dnx'}; use ${instead}`;
}

/** Differences between the query that dnx sends and the parameters in a document, and other parameters that it requires. */
export function parameterDifferences(endpoint: KnownEndpoint, { parameters }: Described): Finding[] {
  const tell = telling(endpoint);
  const query = new Map(parameters.filter((each) => each.in === 'query').map((each) => [each.name, each]));
  const ours = new Set(endpoint.query.map(({ name }) => name));
  const others = parameters.filter((each) => (each.in === 'query' ? !ours.has(each.name) : isForeign(each)));
  const absent = endpoint.query.filter(({ name }) => !query.has(name));
  return [
    ...together(absent).map((field) => tell('field', field, 'sent by dnx in the query, not in the document')),
    ...endpoint.query.flatMap((field) => {
      const there = query.get(field.name);
      if (!there) return [];
      const old = there.deprecated ? [tell('deprecated', field, 'deprecated in the document')] : [];
      const late = there.required && !field.required ? [tell('required', field, 'required by the document, optional in dnx')] : [];
      return [...late, ...old, ...valueDifferences(field, there.shape, tell)];
    }),
    ...others.map((each) => {
      const unsent = { name: each.name, assumed: false, commands: endpoint.commands };
      if (!each.required) return tell('field', unsent, `${each.in} parameter without an option in dnx; use dnx api`);
      return tell('required', unsent, `required ${each.in} parameter, not sent by dnx; use dnx api`);
    }),
  ];
}

/** The page and its size as one: a list without pages has neither. */
function together(fields: readonly KnownField[]): readonly Pick<KnownField, 'name' | 'assumed' | 'commands'>[] {
  const paging = fields.filter(({ commands }) => commands.length === 0);
  const others = fields.filter(({ commands }) => commands.length > 0);
  return [...(paging.length > 0 ? [{ name: paging.map(({ name }) => name).join(', '), assumed: false, commands: [] }] : []), ...others];
}

/** A header or cookie that a request must have, and that no client sends anyway. */
const isForeign = (each: Parameter): boolean =>
  each.required && (each.in === 'cookie' || (each.in === 'header' && !/^(accept|content-type|authorization|user-agent)$/i.test(each.name)));

/** Differences between the values that dnx sends and those that a document allows. */
function valueDifferences(field: KnownField, shape: Shape, tell: Tell): Finding[] {
  const { type, choices, most, format } = field;
  const single = type === 'array' ? (shape.items?.() ?? shape) : shape;
  const found = [
    ...typeDifferences(field, shape).map((text) => tell('type', field, text)),
    ...(choices && single.values ? choiceDifferences(choices, single.values).map((text) => tell('values', field, text)) : []),
  ];
  if (most !== undefined && shape.maximum !== undefined && shape.maximum < most)
    found.push(tell('values', field, `dnx sends up to ${most}; the document allows ${shape.maximum}`));
  if (format && shape.format !== undefined && shape.format !== format)
    found.push(tell('type', field, `${format} in dnx, ${shape.format} in the document`));
  return found;
}

function choiceDifferences(choices: readonly string[], values: ReadonlySet<string>): readonly string[] {
  const offered = new Set(choices);
  // A token may have every ability.
  const theirs = [...values].filter((each) => !offered.has(each) && each !== '*');
  const ours = choices.filter((each) => !values.has(each));
  const apart = [
    ...(ours.length > 0 ? [`only in dnx: ${several(ours)}`] : []),
    ...(theirs.length > 0 ? [`only in the document: ${several(theirs)}`] : []),
  ];
  return apart.length > 0 ? [apart.join('; ')] : [];
}

const accepted: Readonly<Record<KnownField['type'], readonly string[]>> = {
  string: ['string'],
  integer: ['integer', 'number'],
  boolean: ['boolean'],
  array: ['array'],
  id: ['string', 'integer', 'number'],
};

function typeDifferences({ type }: KnownField, { types, items }: Shape): readonly string[] {
  if (types && !accepted[type].some((each) => types.has(each)))
    return [`${type === 'id' ? 'string' : type} in dnx, ${several([...types])} in the document`];
  const inner = type === 'array' ? items?.().types : undefined;
  return inner && !inner.has('string') ? [`array of strings in dnx, of ${several([...inner])} in the document`] : [];
}
