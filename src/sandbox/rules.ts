import { isIP } from 'node:net';
import { z } from 'zod';
import { invalid } from './response.ts';

/** The rules of a body, by field. */
export type BodyShape = Readonly<Record<string, z.ZodType>>;

/** A body that passed its rules. */
export type BodyInput<S extends BodyShape> = z.output<z.ZodObject<S>>;

const digits = (value: unknown): unknown => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value);
const truth = (value: unknown): unknown => (value === 1 || value === '1' ? true : value === 0 || value === '0' ? false : value);

/** A string that is not empty; trimmed, as Laravel trims all input. */
export const textRule = (max = 255) => z.string().trim().min(1).max(max);

/** A string as it is, possibly empty: a secret or the value of a variable. */
export const verbatim = () => z.string();

/** A string that matches a pattern. */
export const patternRule = (form: RegExp, max = 255) => textRule(max).regex(form);

/** An integer, or a string of digits as in Laravel. */
export const integerRule = (min: number, max: number) => z.preprocess(digits, z.int().min(min).max(max));

/** A boolean, or 1 and 0 as in Laravel. */
export const flagRule = () => z.preprocess(truth, z.boolean());

/** One of these words. */
export const oneOf = <const V extends readonly string[]>(...values: V) => z.enum(values);

/** One of these numbers, or a string of digits. */
export const oneOfNumbers = <const V extends readonly number[]>(...values: V) => z.preprocess(digits, z.literal(values));

/** An IPv4 or IPv6 address. */
export const address = () => z.string().refine((value) => isIP(value) !== 0, 'The :attribute field must be a valid IP address.');

/** A URL. */
export const urlRule = () => z.string().refine((value) => URL.canParse(value), 'The :attribute field must be a valid URL.');

/** An ISO 8601 time with a zone. */
export const moment = () =>
  z
    .string()
    .refine(
      (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(value) && !Number.isNaN(Date.parse(value)),
      'The :attribute field must be a valid date.',
    )
    .meta({ format: 'date-time' });

/**
 * Reads the declared fields of a body, or throws a 422 in Laravel's words. Other fields are ignored, and null counts as missing. `partial`: all
 * fields are optional, and null clears a nullable one.
 */
export function reader<S extends BodyShape>(shape: S, partial = false): (body: Readonly<Record<string, unknown>>) => BodyInput<S> {
  // zod compiles a schema at its first use.
  let schema: z.ZodObject | undefined;
  return (body) => {
    schema ??= partial ? z.object(shape).partial() : z.object(shape);
    const present = partial ? body : Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
    return checked(schema, present) as BodyInput<S>;
  };
}

/** Throws a 422 if a sibling has the same value in this column. */
export function unique<T>(siblings: readonly T[], name: keyof T & string, value: unknown): void {
  if (value !== undefined && siblings.some((row) => row[name] === value))
    throw invalid({ [name]: [`The ${attribute(name)} has already been taken.`] });
}

/** Throws a 422 if a field refers to something that does not exist. */
export function exists(found: boolean, name: string): void {
  if (!found) throw invalid({ [name]: [`The selected ${attribute(name)} is invalid.`] });
}

function checked<T>(schema: z.ZodType<T>, body: Record<string, unknown>): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const errors: Record<string, string[]> = {};
  for (const issue of result.error.issues) {
    const field = issue.path.join('.');
    errors[field] = [...(errors[field] ?? []), sentence(issue, attribute(field), valueAt(body, issue.path))];
  }
  throw invalid(errors);
}

const attribute = (field: string): string => field.replaceAll('_', ' ');
const valueAt = (body: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], body);

const types: Record<string, string> = {
  string: 'must be a string',
  number: 'must be an integer',
  int: 'must be an integer',
  boolean: 'must be true or false',
  array: 'must be an array',
};

function sentence(issue: z.core.$ZodIssue, name: string, value: unknown): string {
  if (value === undefined || value === null) return `The ${name} field is required.`;
  switch (issue.code) {
    case 'invalid_type':
      return `The ${name} field ${types[issue.expected] ?? 'is invalid'}.`;
    case 'invalid_value':
      return `The selected ${name} is invalid.`;
    case 'too_small':
      return issue.origin === 'string' ? `The ${name} field is required.` : `The ${name} field must be at least ${issue.minimum}.`;
    case 'too_big':
      return `The ${name} field must not be greater than ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}.`;
    case 'custom':
      return issue.message.replace(':attribute', name);
    default:
      return `The ${name} field format is invalid.`;
  }
}
