import { isObject, type JsonObject, own } from '../../base/json.ts';

/** What the schema of a plan says of a value. */
interface Rule {
  readonly description?: string;
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
  object: isObject,
  string: (value) => typeof value === 'string',
};

/** Where a value is not what a rule says, such as `changes[0].about`; undefined if it is. */
export function misfit(value: unknown, rule: Rule, defs: Readonly<Record<string, Rule>>, place = ''): string | undefined {
  const ref = rule.$ref?.split('/').at(-1);
  if (ref !== undefined) return misfit(value, defs[ref] ?? {}, defs, place);
  const isFit =
    (!('const' in rule) || value === rule.const) &&
    (rule.enum?.includes(value) ?? true) &&
    (rule.type === undefined || [rule.type].flat().some((type) => is[type]?.(value))) &&
    (typeof value !== 'string' || rule.pattern === undefined || new RegExp(rule.pattern).test(value)) &&
    (typeof value !== 'number' || (value >= (rule.minimum ?? value) && value <= (rule.maximum ?? value)));
  if (!isFit) return place;
  if (Array.isArray(value)) return first(value.map((each, at) => rule.items && misfit(each, rule.items, defs, `${place}[${at}]`)));
  return isObject(value) ? misfitIn(value, rule, defs, place) : undefined;
}

function misfitIn(value: JsonObject, rule: Rule, defs: Readonly<Record<string, Rule>>, place: string): string | undefined {
  const at = (key: string) => (place === '' ? key : `${place}.${key}`);
  const missing = rule.required?.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return at(missing);
  const { properties = {}, additionalProperties: others = true } = rule;
  return first(
    Object.entries(value).map(([key, each]) => {
      const known = own(properties, key) ?? others;
      return known === true ? undefined : known === false ? at(key) : misfit(each, known, defs, at(key));
    }),
  );
}

const first = (places: readonly (string | undefined)[]): string | undefined => places.find((place) => place !== undefined);
