/** What a JSON Schema says about a value, with its compositions merged. `null` is left out: a value may always be missing. */
export interface Shape {
  /** The JSON types; undefined for any. */
  readonly types: ReadonlySet<string> | undefined;
  /** The allowed values; undefined if not limited. */
  readonly values: ReadonlySet<string> | undefined;
  readonly fields: ReadonlyMap<string, ShapeField>;
  readonly required: ReadonlySet<string>;
  /** True if other fields are rejected. */
  readonly closed: boolean;
  readonly items: (() => Shape) | undefined;
  readonly format: string | undefined;
  readonly maximum: number | undefined;
}

/** A field of an object. Its shape is read when needed, because it may contain the object. */
export interface ShapeField {
  readonly shape: () => Shape;
  readonly deprecated: boolean;
  /** Only in responses. */
  readonly readOnly: boolean;
  /** Only in requests. */
  readonly writeOnly: boolean;
}

/** A value of which nothing is known. */
export const anything: Shape = {
  types: undefined,
  values: undefined,
  fields: new Map(),
  required: new Set(),
  closed: false,
  items: undefined,
  format: undefined,
  maximum: undefined,
};

/** True if nothing is known of a value. */
export const isUnknown = ({ types, values, fields, items, closed }: Shape): boolean =>
  !types && !values && !items && !closed && fields.size === 0;

const defined = <T>(values: readonly (T | undefined)[]): readonly T[] => values.filter((each) => each !== undefined);

/** A shape that meets all of these, as of `allOf`. */
export function every(shapes: readonly Shape[]): Shape {
  const [only] = shapes;
  if (only && shapes.length === 1) return only;
  return {
    types: shapes.map(({ types }) => types).reduce((one, other) => (one && other ? common(one, other) : (one ?? other)), undefined),
    values: shared(defined(shapes.map(({ values }) => values))),
    fields: mergedFields(shapes, every),
    required: new Set(shapes.flatMap(({ required }) => [...required])),
    closed: shapes.some(({ closed }) => closed),
    items: mergedItems(shapes, every),
    format: defined(shapes.map(({ format }) => format))[0],
    maximum: smallest(defined(shapes.map(({ maximum }) => maximum))),
  };
}

/** A shape that meets one of these, as of `anyOf`. */
export function some(shapes: readonly Shape[]): Shape {
  const [first, ...others] = shapes;
  if (!first) return anything;
  if (others.length === 0) return first;
  // An enum beside a list of the same words limits the words.
  const single = shapes.filter(({ types }) => !types || [...types].some((type) => type !== 'array' && type !== 'object'));
  const values = defined(single.map((each) => each.values));
  const types = defined(shapes.map((each) => each.types));
  const maxima = defined(shapes.map(({ maximum }) => maximum));
  return {
    types: types.length === shapes.length ? union(types) : undefined,
    values: values.length > 0 && values.length === single.length ? union(values) : undefined,
    fields: mergedFields(shapes, some),
    required: new Set([...first.required].filter((name) => others.every(({ required }) => required.has(name)))),
    closed: shapes.every(({ closed }) => closed),
    items: mergedItems(shapes, some),
    format: others.every(({ format }) => format === first.format) ? first.format : undefined,
    maximum: maxima.length === shapes.length ? Math.max(...maxima) : undefined,
  };
}

type Merge = (shapes: readonly Shape[]) => Shape;

function mergedFields(shapes: readonly Shape[], merge: Merge): ReadonlyMap<string, ShapeField> {
  const byName = new Map<string, ShapeField[]>();
  for (const { fields } of shapes) {
    for (const [name, field] of fields) {
      const same = byName.get(name);
      if (same) same.push(field);
      else byName.set(name, [field]);
    }
  }
  return new Map([...byName].map(([name, fields]) => [name, mergedField(fields, merge)]));
}

function mergedField(fields: readonly ShapeField[], merge: Merge): ShapeField {
  const [only] = fields;
  if (only && fields.length === 1) return only;
  return {
    shape: once(() => merge(fields.map(({ shape }) => shape()))),
    deprecated: fields.every(({ deprecated }) => deprecated),
    readOnly: fields.some(({ readOnly }) => readOnly),
    writeOnly: fields.some(({ writeOnly }) => writeOnly),
  };
}

function mergedItems(shapes: readonly Shape[], merge: Merge): Shape['items'] {
  const items = defined(shapes.map((each) => each.items));
  return items.length > 1 ? once(() => merge(items.map((item) => item()))) : items[0];
}

/** Computes a value when it is first needed. A value that needs itself is unknown there. */
export function once(compute: () => Shape): () => Shape {
  let value: Shape | undefined;
  return () => {
    if (value) return value;
    value = anything;
    value = compute();
    return value;
  };
}

/** The types of both; every integer is a number. */
function common(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  const accepts = (types: ReadonlySet<string>, type: string) => types.has(type) || (type === 'integer' && types.has('number'));
  const both = [...[...one].filter((type) => accepts(other, type)), ...[...other].filter((type) => accepts(one, type))];
  return both.length > 0 ? new Set(both) : one;
}

/** The words of all sets; undefined without a set. */
const shared = ([first, ...others]: readonly ReadonlySet<string>[]): ReadonlySet<string> | undefined =>
  first && (others.length === 0 ? first : new Set([...first].filter((each) => others.every((other) => other.has(each)))));

const union = (sets: readonly ReadonlySet<string>[]): ReadonlySet<string> => new Set(sets.flatMap((each) => [...each]));

const smallest = (numbers: readonly number[]): number | undefined => (numbers.length > 0 ? Math.min(...numbers) : undefined);
