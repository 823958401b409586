import { isObject, type JsonObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';

/** What a JSON Schema says about a value, with its compositions merged. `null` is left out: a value may always be missing. */
export interface SchemaShape {
  /** The JSON types; undefined for any. */
  readonly types?: ReadonlySet<string> | undefined;
  /** The allowed values; undefined if not limited. */
  readonly values?: ReadonlySet<string> | undefined;
  readonly fields: ReadonlyMap<string, ShapeField>;
  readonly required: ReadonlySet<string>;
  /** True if other fields are rejected. */
  readonly closed: boolean;
  readonly items?: (() => SchemaShape) | undefined;
  readonly format?: string | undefined;
  readonly maximum?: number | undefined;
}

/** A field of an object. Its shape is read when needed, because it may contain the object. */
export interface ShapeField {
  readonly shape: () => SchemaShape;
  readonly deprecated: boolean;
  /** Only in responses. */
  readonly readOnly: boolean;
  /** Only in requests. */
  readonly writeOnly: boolean;
}

/** A value of which nothing is known. */
export const anything: SchemaShape = { fields: new Map(), required: new Set(), closed: false };

/** True if nothing is known of a value. */
export const isUnknown = ({ types, values, fields, items, closed }: SchemaShape): boolean =>
  !types && !values && !items && !closed && fields.size === 0;

/** Compositions inside each other beyond this say nothing that a person wrote. */
const DEEPEST = 64;

/** Reads the schemas of a document, each once. `follow` finds what a `$ref` refers to. */
export function schemaReader(follow: (value: unknown) => JsonObject): (schema: unknown) => SchemaShape {
  const known = new Map<JsonObject, SchemaShape>();
  const reading = new Set<JsonObject>();

  function read(schema: unknown): SchemaShape {
    if (!isObject(schema)) return anything;
    const before = known.get(schema);
    if (before) return before;
    // A composition that contains itself adds nothing to itself.
    if (reading.has(schema) || reading.size > DEEPEST) return anything;
    reading.add(schema);
    const branches = [schema.anyOf, schema.oneOf].filter(Array.isArray);
    const shape = merged('allOf', [
      ...(typeof schema.$ref === 'string' ? [read(follow(schema))] : []),
      plain(schema),
      ...list(schema.allOf).map(read),
      ...branches.map((each) => merged('anyOf', each.filter((branch) => !isNull(follow(branch))).map(read))),
    ]);
    reading.delete(schema);
    known.set(schema, shape);
    return shape;
  }

  /** What a schema says itself, without its references and compositions. */
  function plain(schema: JsonObject): SchemaShape {
    const values = valuesOf(schema)?.filter((value) => value !== null);
    const { items, properties, additionalProperties, maximum, exclusiveMaximum, format } = schema;
    const required = list(schema.required).map(wordOf);
    const fields = Object.entries(isObject(properties) ? properties : {});
    return {
      types: typesOf(schema, values),
      values: values && new Set(values.map(wordOf)),
      fields: new Map([...required.map((name) => [name, undefined] as const), ...fields].map(([name, each]) => [name, field(each)])),
      required: new Set(required),
      closed: additionalProperties === false || schema.unevaluatedProperties === false,
      items: items === undefined ? undefined : once(() => read(items)),
      format: typeof format === 'string' ? format : undefined,
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

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The values of `enum` and `const`; undefined if not limited. */
const valuesOf = (schema: JsonObject): readonly unknown[] | undefined =>
  Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined;

/** A schema that only `null` meets. */
function isNull(schema: JsonObject): boolean {
  const types = [schema.type].flat();
  const values = valuesOf(schema) ?? [];
  return (types.length > 0 && types.every((type) => type === 'null')) || (values.length > 0 && values.every((value) => value === null));
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

/** A shape that meets all of these (`allOf`), or one of them (`anyOf`). */
export function merged(how: 'allOf' | 'anyOf', shapes: readonly SchemaShape[]): SchemaShape {
  const [first, ...others] = shapes;
  if (!first) return anything;
  if (others.length === 0) return first;
  const all = how === 'allOf';
  /** What all say; of one of them, only if each says something. */
  const joined = <T>(said: readonly (T | undefined)[], join: (one: T, other: T) => T | undefined): T | undefined => {
    const known = said.filter((each) => each !== undefined);
    if (!all && known.length < said.length) return undefined;
    return known.slice(1).reduce<T | undefined>((one, other) => (one === undefined ? undefined : join(one, other)), known[0]);
  };
  // An enum beside a list of the same words limits the words.
  const single = all ? shapes : shapes.filter(({ types }) => !types || [...types].some((type) => type !== 'array' && type !== 'object'));
  const items = shapes.flatMap((each) => each.items ?? []);
  const isRequired = (name: string) => all || shapes.every(({ required }) => required.has(name));
  return {
    types: joined(
      shapes.map(({ types }) => types),
      all ? commonTypes : union,
    ),
    values: joined(
      single.map(({ values }) => values),
      all ? (one, other) => new Set([...one].filter((value) => other.has(value))) : union,
    ),
    fields: mergedFields(how, shapes),
    required: new Set(shapes.flatMap(({ required }) => [...required]).filter(isRequired)),
    closed: all ? shapes.some(({ closed }) => closed) : shapes.every(({ closed }) => closed),
    items:
      items.length > 1
        ? once(() =>
            merged(
              how,
              items.map((each) => each()),
            ),
          )
        : items[0],
    format: joined(
      shapes.map(({ format }) => format),
      (one, other) => (all || one === other ? one : undefined),
    ),
    maximum: joined(
      shapes.map(({ maximum }) => maximum),
      all ? Math.min : Math.max,
    ),
  };
}

function mergedFields(how: 'allOf' | 'anyOf', shapes: readonly SchemaShape[]): ReadonlyMap<string, ShapeField> {
  const byName = new Map<string, ShapeField[]>();
  for (const [name, field] of shapes.flatMap(({ fields }) => [...fields])) {
    const same = byName.get(name);
    if (same) same.push(field);
    else byName.set(name, [field]);
  }
  const together = (fields: readonly ShapeField[]): ShapeField => ({
    shape: once(() =>
      merged(
        how,
        fields.map(({ shape }) => shape()),
      ),
    ),
    deprecated: fields.every(({ deprecated }) => deprecated),
    readOnly: fields.some(({ readOnly }) => readOnly),
    writeOnly: fields.some(({ writeOnly }) => writeOnly),
  });
  return new Map([...byName].map(([name, fields]) => [name, fields.length === 1 && fields[0] ? fields[0] : together(fields)]));
}

/** Computes a shape when it is first needed. A shape that needs itself is unknown there. */
function once(compute: () => SchemaShape): () => SchemaShape {
  let shape: SchemaShape | undefined;
  return () => {
    if (shape) return shape;
    shape = anything;
    shape = compute();
    return shape;
  };
}

/** The types of both; every integer is a number. */
function commonTypes(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  const accepts = (types: ReadonlySet<string>, type: string) => types.has(type) || (type === 'integer' && types.has('number'));
  const both = [...[...one].filter((type) => accepts(other, type)), ...[...other].filter((type) => accepts(one, type))];
  return both.length > 0 ? new Set(both) : one;
}

const union = (one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> => new Set([...one, ...other]);
