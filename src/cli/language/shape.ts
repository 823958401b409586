import { isObject } from '../../base/json.ts';
import { isStatedType, typeOfField } from '../../platform/fields.ts';
import type { Column } from '../output/view.ts';

/** A JSON Schema (2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const withDialect = (schema: JsonSchema): JsonSchema => ({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema });

declare const described: unique symbol;
/** What a command prints for scripts: a JSON Schema that the compiler reads as the type `T`. */
export type Shape<T> = JsonSchema & { readonly [described]?: () => T };
/** The type of a shape: `type DeployReport = Printed<typeof deployReport>`. */
export type Printed<S> = S extends Shape<infer T> ? T : never;

const shape = <T>(schema: JsonSchema): Shape<T> => schema as Shape<T>;

export const word = shape<string>({ type: 'string' });
export const number = shape<number>({ type: 'number' });
export const yes = shape<boolean>({ type: 'boolean' });
/** Any value. */
// biome-ignore lint/suspicious/noExplicitAny: stands for what the API sends, of any type
export const anything = shape<any>({});
/** An object of the API, as it was sent. */
// biome-ignore lint/suspicious/noExplicitAny: as above
export const item = shape<any>({ type: 'object' });

export const oneOf = <const V extends string | number | boolean>(...values: readonly V[]): Shape<V> => shape({ enum: values });
export const listOf = <T>(items: Shape<T>): Shape<readonly T[]> => shape({ type: 'array', items });
export const words = listOf(word);
export const mapOf = <T>(values: Shape<T>): Shape<Readonly<Record<string, T>>> => shape({ type: 'object', additionalProperties: values });

export function nullable<T>(value: Shape<T>): Shape<T | null> {
  if (typeof value.type === 'string') return shape({ ...value, type: [value.type, 'null'] });
  return shape(Array.isArray(value.enum) ? { enum: [...value.enum, null] } : { anyOf: [value, { type: 'null' }] });
}

type Shapes = Readonly<Record<string, JsonSchema>>;
type Members<F, O> = { readonly [K in keyof F]: Printed<F[K]> } & { readonly [K in keyof O]?: Printed<O[K]> };
/** Without the intersection, which messages of the compiler would show. */
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** An object with these fields, and perhaps those of `optional`. Later versions may add others. */
export const objectOf = <F extends Shapes, O extends Shapes = Record<never, never>>(fields: F, optional?: O): Shape<Flat<Members<F, O>>> =>
  shape({ type: 'object', properties: { ...fields, ...optional }, required: Object.keys(fields) });

/** One of these, depending on the options. */
export const either = <const S extends readonly JsonSchema[]>(...all: S): Shape<Printed<S[number]>> => shape({ anyOf: all });

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
export const shownRecordOf = (columns: readonly Column[], stated: readonly string[] = []): Shape<object> =>
  shape({ ...recordOf(columns, stated), ...(stated.length > 0 && { required: stated }) });

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
