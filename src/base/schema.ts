import { isObject, type JsonObject, own } from './json.ts';

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
    (typeof value !== 'string' || rule.pattern === undefined || new RegExp(rule.pattern).test(value)) &&
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
  const { required = [], properties = {}, additionalProperties: others = true } = rule;
  return [
    ...required.filter((key) => !Object.hasOwn(value, key)).map(at),
    ...Object.entries(value).map(([key, member]) => {
      const known = own(properties, key) ?? others;
      return known === true ? undefined : known === false ? at(key) : misfit(member, known, defs, at(key));
    }),
  ];
}
