/** A JSON Schema. */
export type Schema = Record<string, unknown>;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

/** The JSON Schema of values that were seen. A status has the words that were seen. */
export function schemaOf(values: readonly unknown[], name = ''): Schema {
  const present = values.filter((each) => each !== null);
  const types = [...new Set(present.map(typeOf))];
  const schema = { type: present.length < values.length ? [...types, 'null'] : types.length === 1 ? types[0] : types };
  if (present.length === 0) return {};
  const [type, ...others] = types;
  if (others.length > 0) return schema;
  if (type === 'object') return { ...schema, ...objectOf(present as Schema[]) };
  if (type === 'array') {
    const items = (present as unknown[][]).flat();
    return { ...schema, items: items.length > 0 ? schemaOf(items) : {} };
  }
  if (type !== 'string') return schema;
  if (name === 'status') return { ...schema, enum: [...new Set(values)] };
  return present.every((each) => TIME.test(String(each))) ? { ...schema, format: 'date-time' } : schema;
}

function objectOf(objects: readonly Schema[]): Schema {
  const names = [...new Set(objects.flatMap(Object.keys))];
  const having = (name: string) => objects.filter((each) => name in each);
  return {
    properties: Object.fromEntries(
      names.map((name) => [
        name,
        schemaOf(
          having(name).map((each) => each[name]),
          name,
        ),
      ]),
    ),
    required: names.filter((name) => having(name).length === objects.length),
  };
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}
