/** A JSON Schema (2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

export const withDialect = (schema: JsonSchema): JsonSchema => ({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema });

declare const described: unique symbol;
/** The JSON Schema of a type of this program. The compiler compares the two, so neither changes without the other. */
export type Shape<T> = JsonSchema & { readonly [described]?: (value: T) => T };

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

export function nullable<T>(of: Shape<T>): Shape<T | null> {
  if (typeof of.type === 'string') return shape({ ...of, type: [of.type, 'null'] });
  return shape(Array.isArray(of.enum) ? { enum: [...of.enum, null] } : { anyOf: [of, { type: 'null' }] });
}

type Required<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? never : K }[keyof T];
type Fields<T, K extends keyof T> = { readonly [F in K]: Shape<Exclude<T[F], undefined>> };

/** An object with these fields, and perhaps those of `optional`. Later versions may add others. */
export const objectOf = <T extends object>(fields: Fields<T, Required<T>>, optional?: Fields<T, Exclude<keyof T, Required<T>>>): Shape<T> =>
  shape(plainObject(fields, optional));

/** An object of a command that has no type for it. */
export const plainObject = (fields: Readonly<Record<string, JsonSchema>>, optional?: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  type: 'object',
  properties: { ...fields, ...optional },
  required: Object.keys(fields),
});

/** One of these, depending on the options. */
export const either = (...all: readonly JsonSchema[]): JsonSchema => ({ anyOf: all });
