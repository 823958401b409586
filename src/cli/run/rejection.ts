import { type FieldLabel, isError } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import type { AnyCommand } from '../language/command.ts';
import type { Option } from '../language/options.ts';

/** Adds flag names to the fields of a 422, and a hint for fields without a flag. */
export function withLabels(error: unknown, command: AnyCommand): unknown {
  if (!isError(error, 'invalid') || !error.errors) return error;
  const labels: [string, FieldLabel][] = [];
  const unknown: string[] = [];
  for (const field of Object.keys(error.errors)) {
    // `domains.0` is an item of `domains`.
    const [key = field] = field.split('.');
    const name = key === 'abilities' ? 'ability' : key;
    const option = own(command.fields ?? {}, name) ?? own(command.options ?? {}, name);
    if (option) labels.push([field, labelOf(name, option)]);
    // What could mean something to a shell is not offered.
    else if (/^[\w.-]+$/.test(key)) unknown.push(key);
  }
  const [first] = Object.keys(command.fields ?? {}).length > 0 ? unknown : [];
  return error.with({
    labels: Object.fromEntries(labels),
    ...(first !== undefined && { hint: `Set other fields with -F, such as -F ${first}=VALUE.` }),
  });
}

const labelOf = (key: string, { as, place, choices }: Option<unknown>): FieldLabel => ({
  name: place ? `<${key.replaceAll('_', '-')}>` : flagName(as ?? key),
  known: choices,
});
