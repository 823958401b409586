import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { References } from './references.ts';
import { anything, every, once, type Shape, type ShapeField, some } from './shape.ts';

/** Compositions inside each other beyond this say nothing that a person wrote. */
const DEEPEST = 64;

/** Reads the schemas of a document, each once. */
export function schemaReader({ follow }: References): (schema: unknown) => Shape {
  const known = new Map<JsonObject, Shape>();
  const reading = new Set<JsonObject>();

  function read(value: unknown): Shape {
    if (!isObject(value)) return anything;
    const before = known.get(value);
    if (before) return before;
    // A composition that contains itself adds nothing to itself.
    if (reading.has(value) || reading.size > DEEPEST) return anything;
    reading.add(value);
    const shape = every([
      ...(typeof value.$ref === 'string' ? [read(follow(value))] : []),
      plain(value),
      ...list(value.allOf).map(read),
      ...[value.anyOf, value.oneOf].flatMap((branches) => (Array.isArray(branches) ? [some(branches.filter(isMore).map(read))] : [])),
    ]);
    reading.delete(value);
    known.set(value, shape);
    return shape;
  }

  const isMore = (branch: unknown): boolean => !isNull(follow(branch));

  /** What a schema says itself, without its references and compositions. */
  function plain(schema: JsonObject): Shape {
    const values = valuesOf(schema);
    const { items, properties, additionalProperties, maximum, exclusiveMaximum } = schema;
    const fields = Object.entries(isObject(properties) ? properties : {}).map(([name, each]): [string, ShapeField] => [name, field(each)]);
    const required = list(schema.required).map(wordOf);
    return {
      types: typesOf(schema, values),
      values: values && new Set(values.map(wordOf)),
      fields: new Map([...required.map((name): [string, ShapeField] => [name, field(undefined)]), ...fields]),
      required: new Set(required),
      closed: additionalProperties === false || schema.unevaluatedProperties === false,
      items: items === undefined ? undefined : once(() => read(items)),
      format: typeof schema.format === 'string' ? schema.format : undefined,
      maximum: typeof maximum === 'number' ? maximum : typeof exclusiveMaximum === 'number' ? exclusiveMaximum - 1 : undefined,
    };
  }

  function field(schema: unknown): ShapeField {
    const says = (key: string) => (isObject(schema) && schema[key] === true) || follow(schema)[key] === true;
    return {
      shape: once(() => read(schema)),
      deprecated: says('deprecated'),
      readOnly: says('readOnly'),
      writeOnly: says('writeOnly'),
    };
  }

  return read;
}

/** A schema that only `null` meets. */
const isNull = (schema: JsonObject): boolean => {
  const words = [schema.type].flat();
  if (words.length > 0 && words.every((type) => type === 'null')) return true;
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : [];
  return values.length > 0 && values.every((value) => value === null);
};

/** The allowed values of `enum` and `const`, but null; undefined if not limited. */
function valuesOf(schema: JsonObject): readonly unknown[] | undefined {
  const values = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined;
  return values?.filter((value) => value !== null);
}

/** The types of a schema, which its other keywords imply if it does not say so. */
function typesOf(schema: JsonObject, values: readonly unknown[] | undefined): ReadonlySet<string> | undefined {
  const words = [schema.type].flat().filter((type): type is string => typeof type === 'string' && type !== 'null');
  if (words.length > 0) return new Set(words);
  if (isObject(schema.properties)) return new Set(['object']);
  if (schema.items !== undefined) return new Set(['array']);
  return values && values.length > 0 ? new Set(values.map(typeOf)) : undefined;
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) || typeof value === 'bigint' ? 'integer' : typeof value;
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
