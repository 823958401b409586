import { type FieldLabel, isError } from '../../base/errors.ts';
import { own } from '../../base/json.ts';
import { flagName } from '../../base/text.ts';
import type { AnyCommand } from '../language/command.ts';
import type { Option } from '../language/options.ts';

/** A 422 with the command's own words for its fields, and how to set a field that the command has no flag for. */
export function withLabels(error: unknown, command: AnyCommand): unknown {
  if (!isError(error, 'invalid') || !error.errors) return error;
  const labels: Record<string, FieldLabel> = {};
  const unknown: string[] = [];
  for (const field of Object.keys(error.errors)) {
    // `domains.0` is an item of `domains`.
    const [key = field] = field.split('.');
    const name = key === 'abilities' ? 'ability' : key;
    const option = own(command.fields ?? {}, name) ?? own(command.options ?? {}, name);
    if (option) labels[field] = labelOf(name, option);
    else unknown.push(key);
  }
  const [first] = Object.keys(command.fields ?? {}).length > 0 ? unknown : [];
  return error.with({ labels, ...(first !== undefined && { hint: `Set other fields with -F, such as -F ${first}=VALUE.` }) });
}

const labelOf = (key: string, { as, place, choices }: Option<unknown>): FieldLabel => ({
  name: place ? `<${key.replaceAll('_', '-')}>` : flagName(as ?? key),
  known: choices,
});
