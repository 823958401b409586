import { isObject, type JsonObject, own } from './json.ts';

/** A JSON Schema (2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>;

declare const described: unique symbol;
/** What a command prints for scripts, or a file holds: a JSON Schema that the compiler reads as the type `T`. */
export type Shape<T> = JsonSchema & { readonly [described]?: () => T };
/** The type of a shape: `type DeployReport = Printed<typeof deployReport>`. */
export type Printed<S> = S extends Shape<infer T> ? T : never;

export const shape = <T>(schema: JsonSchema): Shape<T> => schema as Shape<T>;

export const word = shape<string>({ type: 'string' });
export const number = shape<number>({ type: 'number' });
export const yes = shape<boolean>({ type: 'boolean' });

export const oneOf = <const V extends string | number | boolean>(...values: readonly V[]): Shape<V> => shape({ enum: values });
export const listOf = <T>(items: Shape<T>): Shape<readonly T[]> => shape({ type: 'array', items });
export const words = listOf(word);
export const mapOf = <T>(values: Shape<T>): Shape<Readonly<Record<string, T>>> => shape({ type: 'object', additionalProperties: values });

export function nullable<T>(value: Shape<T>): Shape<T | null> {
  if (typeof value.type === 'string') return shape({ ...value, type: [value.type, 'null'] });
  return shape(Array.isArray(value.enum) ? { enum: [...value.enum, null] } : { anyOf: [value, { type: 'null' }] });
}

export type Shapes = Readonly<Record<string, JsonSchema>>;
type Members<F, O> = { readonly [K in keyof F]: Printed<F[K]> } & { readonly [K in keyof O]?: Printed<O[K]> };
/** Without the intersection, which messages of the compiler would show. */
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** An object with these fields, and perhaps those of `optional`. Later versions may add others. */
export const objectOf = <F extends Shapes, O extends Shapes = Record<never, never>>(fields: F, optional?: O): Shape<Flat<Members<F, O>>> =>
  shape({ type: 'object', properties: { ...fields, ...optional }, required: Object.keys(fields) });

/** The same without others. */
export const exactly = <T>(object: Shape<T>): Shape<T> => shape({ ...object, additionalProperties: false });

/** One of these, depending on the options. */
export const either = <const S extends readonly JsonSchema[]>(...all: S): Shape<Printed<S[number]>> => shape({ anyOf: all });

/** What a JSON Schema says of a value, as far as dnx reads files by one. */
interface Rule {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Rule;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly additionalProperties?: boolean | Rule;
  readonly propertyNames?: Rule;
  readonly maxProperties?: number;
}

const is: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  null: (value) => value === null,
  number: (value) => typeof value === 'number',
  object: isObject,
  string: (value) => typeof value === 'string',
};

/** Where a value is not what a schema says, such as `changes[0].about`; undefined if it is. `defs`: what its references name. */
export function misfit(value: unknown, schema: object, defs: Readonly<Record<string, object>> = {}, place = ''): string | undefined {
  const rule: Rule = schema;
  const referred = own(defs, rule.$ref?.split('/').at(-1) ?? '');
  if (referred) return misfit(value, referred, defs, place);
  const isFit =
    (!('const' in rule) || value === rule.const) &&
    (rule.enum?.includes(value) ?? true) &&
    (rule.type === undefined || [rule.type].flat().some((type) => is[type]?.(value))) &&
    (typeof value !== 'string' || rule.pattern === undefined || new RegExp(rule.pattern, 'u').test(value)) &&
    (typeof value !== 'number' || (value >= (rule.minimum ?? value) && value <= (rule.maximum ?? value)));
  if (!isFit) return place;
  const inside = Array.isArray(value)
    ? value.map((item, at) => rule.items && misfit(item, rule.items, defs, `${place}[${at}]`))
    : isObject(value)
      ? memberMisfits(value, rule, defs, place)
      : [];
  return inside.find((found) => found !== undefined);
}

function memberMisfits(value: JsonObject, rule: Rule, defs: Readonly<Record<string, object>>, place: string) {
  const at = (key: string) => (place === '' ? key : `${place}.${key}`);
  const { required = [], properties = {}, additionalProperties: others = true, propertyNames: names = {}, maxProperties: most } = rule;
  const keys = Object.keys(value);
  // A name that does not fit may not be printable.
  const odd = keys.findIndex((key) => misfit(key, names) !== undefined);
  return [
    ...(keys.length > (most ?? keys.length) ? [place] : []),
    ...(odd >= 0 ? [`${place}, name ${odd + 1}`] : []),
    ...required.filter((key) => !Object.hasOwn(value, key)).map(at),
    ...Object.entries(value).map(([key, member]) => {
      const known = own(properties, key) ?? others;
      return known === true ? undefined : known === false ? at(key) : misfit(member, known, defs, at(key));
    }),
  ];
}
