import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Format } from '../../machine/settings/format.ts';
import { type Narrowing, sortKey } from './narrow.ts';
import type { View } from './view.ts';

/** Rejects fields of `--fields` and `--sort` that the view does not have. An empty list cannot be checked. */
export function checkFields(
  view: View,
  { fields = [], sort, format }: Pick<Narrowing, 'fields' | 'sort'> & { readonly format: Format },
): void {
  const items = itemsOf(view);
  if (items.length === 0) return;
  const known = new Set(items.flatMap((item) => Object.keys(item)));
  // Computed values are in text formats only; those that need requests, in a table only.
  if (view.kind === 'rows' || view.kind === 'record')
    for (const { key, computed, cell } of view.columns)
      if (!computed || format === 'table' || (cell && ['csv', 'tsv', 'text'].includes(format))) known.add(key);
  const keys = sort && view.kind !== 'record' ? [...fields, sortKey(sort)] : fields;
  const unknown = keys.find((key) => !known.has(key));
  if (unknown !== undefined) throw computedField(unknown, view, format, [...known]) ?? unknownField(unknown, [...known]);
}

function itemsOf(view: View): readonly object[] {
  if (view.kind === 'rows') return view.items;
  if (view.kind === 'record') return [view.item];
  return view.kind === 'data' ? [view.data].flat().filter(isObject) : [];
}

/** The failure for a field that dnx computes, but not for this format. */
function computedField(field: string, view: View, format: Format, known: readonly string[]): DnxError | undefined {
  const column = 'columns' in view ? view.columns.find(({ key, computed }) => key === field && computed) : undefined;
  if (!column) return undefined;
  const where = column.cell ? 'only table, csv, tsv and text have' : 'only tables have';
  return usage(`-o ${format} has no field '${field}'; ${where} it.`, fieldsIn(known));
}

const fieldsIn = (known: readonly string[]): string => `Fields: ${known.toSorted().join(', ')}`;

function unknownField(field: string, known: readonly string[]): DnxError {
  return usage(`Unknown field '${field}'.${didYouMean(field, known)}`, fieldsIn(known));
}
