import { isObject } from '../../base/json.ts';
import {
  either,
  type JsonSchema,
  listOf,
  mapOf,
  nullable,
  number,
  objectOf,
  oneOf,
  type Shape,
  type Shapes,
  shape,
  word,
  words,
  yes,
} from '../../base/schema.ts';
import type { Column } from '../output/view.ts';

export { either, listOf, mapOf, nullable, number, objectOf, oneOf, type Printed, type Shape, word, words, yes } from '../../base/schema.ts';
export type { JsonSchema };

export const withDialect = (schema: JsonSchema): JsonSchema => ({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema });

/** The type of a field of an API object. `id`: a string, or an integer as older platforms send it. */
export type FieldType = 'id' | 'date-time' | 'integer' | 'boolean' | 'array' | 'string';

/** The fields of a server, which the API reference shows. It shows no other object. */
export const statedOfServer: readonly string[] =
  'id name provider ip_address ssh_user region size php_version database_type webserver status monitoring_enabled provisioned_at created_at updated_at sites_count'.split(
    ' ',
  );

/** The type as which dnx reads a field; undefined if it depends on the resource. */
export function typeOfField(name: string): FieldType | undefined {
  if (/^(.+_)?id$/.test(name)) return 'id';
  if (name.endsWith('_at')) return 'date-time';
  if (/_count$|^(processes|tries|timeout|sleep)$/.test(name)) return 'integer';
  if (/_enabled$|^active$/.test(name)) return 'boolean';
  if (name === 'abilities') return 'array';
  return /^(size|type|port|vcpus|memory|price_monthly)$/.test(name) ? undefined : 'string';
}

/** True for the types that the API reference states of every resource: ids are strings, and times are ISO 8601. */
const isStatedType = (type: FieldType | undefined): boolean => type === 'id' || type === 'date-time';

/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: stands for what the API sends, of any type
export const anything = shape<any>({});
/** An object of the API, as it was sent. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export const item = shape<any>({ type: 'object' });

/** The fields of an error: that of a command, and those of the items that failed while others succeeded. */
export const errorFields = {
  code: word,
  reason: word,
  human: yes,
  message: word,
  status: nullable(number),
  errors: nullable(mapOf(words)),
  hint: nullable(word),
  next: listOf(objectOf({ command: word, why: word })),
};
export const failure = objectOf(errorFields);

/** One of several things that failed or was not started. */
export const failedItem = objectOf({ name: word, id: nullable(word), outcome: oneOf('failed', 'not_started'), error: failure });

/** What a command prints of one target; of several, a list, in which those that failed have an `error`. */
export const severalOf = <T>(one: Shape<T>) => either(one, listOf(either(failedItem, one)));

/** What --schema prints. */
export const jsonSchema = objectOf({ $schema: word });

const id = shape<unknown>({ type: ['string', 'integer', 'null'] });

/** What a delete prints. `deleted` is false for what was not there, which then has a `name` and no id. */
export const deleted = objectOf({ id, deleted: yes }, { name: word });

/** Describes a record of the API. `assumed` holds what the API reference does not state, so that nothing is invalid for it. */
const RECORD = 'An object of the API, as it was sent. "assumed" is how dnx reads a field whose type the API does not document.';

/** A record of the API with the fields of these columns. `stated`: those that the API reference shows. `added`: those that dnx adds. */
export const recordOf = (columns: readonly (Column | string)[], stated: readonly string[] = [], added: Shapes = {}): Shape<object> => {
  const fields = columns.flatMap((column) => (typeof column === 'string' ? column : column.computed ? [] : column.key));
  const properties = Object.fromEntries([...fields, ...stated].map((field) => [field, fieldOf(field, stated.includes(field))]));
  return shape({ type: 'object', description: RECORD, properties: { ...properties, ...added } });
};

/** A record that the API reference shows, and so always has these fields. */
export const shownRecordOf = (columns: readonly Column[], stated: readonly string[] = [], added: Shapes = {}): Shape<object> =>
  shape({ ...recordOf(columns, stated, added), ...(stated.length > 0 && { required: stated }) });

const oneIn = (schema: JsonSchema): JsonSchema => (isObject(schema.items) ? schema.items : schema);

/** The fields of an object, or of those in a list. */
export const fieldsOf = (schema: JsonSchema): readonly string[] => Object.keys(oneIn(schema).properties ?? {});

/** True for a record of the API, or a list of them, unlike what a command composes itself. */
export const isRecord = (schema: JsonSchema): boolean => oneIn(schema).description === RECORD;

function fieldOf(field: string, stated: boolean): JsonSchema {
  const type = typeOfField(field) ?? (stated ? 'string' : undefined);
  if (type === undefined) return anything;
  const known = type === 'id' ? id : type === 'date-time' ? { type: ['string', 'null'], format: type } : { type: [type, 'null'] };
  return stated || isStatedType(type) ? known : { assumed: known };
}
