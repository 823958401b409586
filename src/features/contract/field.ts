import type { Option } from '../../cli/language/options.ts';

/** The type of a value in JSON. An `id` is a string or an integer, as the API sent it. */
export type FieldType = 'string' | 'integer' | 'boolean' | 'array' | 'id';

/** What dnx knows about a field of a body, or a query parameter. */
export interface KnownField {
  readonly name: string;
  readonly type: FieldType;
  /** The values that dnx offers; of the items, if it is an array. */
  readonly choices?: readonly string[];
  readonly format?: 'date-time';
  /** The largest number that dnx sends. */
  readonly most?: number;
  /** True if every command that sends it always sends it. */
  readonly required: boolean;
  /** Not stated by the API reference. */
  readonly assumed: boolean;
  readonly help: string;
  /** The commands that send it: `daemon create`. */
  readonly commands: readonly string[];
  /** Those that may leave it out. */
  readonly optional: readonly string[];
}

/** An option whose value is sent. `format` and `most` say more about the value. */
export type Sent = Option<unknown> & Pick<KnownField, 'format' | 'most'>;

/** An option as a field that a command sends. */
export function fieldOf(name: string, option: Sent, command: string): KnownField {
  const { choices, format, most, required = false, assumed = false, help } = option;
  return {
    name,
    type: typeOf(option),
    ...(choices && { choices }),
    ...(format && { format }),
    ...(most !== undefined && { most }),
    required,
    assumed,
    help,
    commands: [command],
    optional: required ? [] : [command],
  };
}

function typeOf({ kind, as, from }: Sent): FieldType {
  if (as !== undefined || from?.resolve) return 'id';
  if (kind === 'integer' || kind === 'duration') return 'integer';
  if (kind === 'flag') return 'boolean';
  return kind === 'list' ? 'array' : 'string';
}

/** One field per name, with the commands of all. */
export function merged(fields: readonly KnownField[]): readonly KnownField[] {
  const byName = new Map<string, KnownField>();
  for (const field of fields) {
    const before = byName.get(field.name);
    byName.set(field.name, before ? both(before, field) : field);
  }
  return [...byName.values()];
}

const both = (one: KnownField, other: KnownField): KnownField => ({
  ...other,
  ...one,
  required: one.required && other.required,
  assumed: one.assumed && other.assumed,
  commands: [...new Set([...one.commands, ...other.commands])],
  optional: [...new Set([...one.optional, ...other.optional])],
});
