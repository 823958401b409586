import { type DnxError, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import type { Format } from '../../machine/settings/format.ts';
import { type Narrowing, sortKey } from './narrow.ts';
import type { View } from './view.ts';

/** Looks for the fields of `--fields` and `--sort` in the items of a list as they arrive. */
export interface FieldCheck {
  /** True once every field was seen. */
  readonly add: (items: readonly object[]) => boolean;
  /** Throws if a field was not seen. An empty list cannot be checked. */
  readonly end: () => void;
}

type Wanted = Pick<Narrowing, 'fields' | 'sort'> & { readonly format: Format };

/** Checks fields against a view, and against the items that are added. */
export function fieldCheck(view: View, { fields = [], sort, format }: Wanted): FieldCheck {
  const known = new Set<string>();
  // Computed values are in text formats only; those that need requests, in a table only.
  if (view.kind === 'rows' || view.kind === 'record')
    for (const { key, computed, cell } of view.columns)
      if (!computed || format === 'table' || (cell && ['csv', 'tsv', 'text'].includes(format))) known.add(key);
  const keys = sort && view.kind !== 'record' ? [...fields, sortKey(sort)] : fields;
  const unknown = () => keys.find((key) => !known.has(key));
  let empty = true;
  const check: FieldCheck = {
    add(items) {
      for (const item of items) {
        empty = false;
        for (const key of Object.keys(item)) known.add(key);
        if (unknown() === undefined) break;
      }
      return unknown() === undefined;
    },
    end() {
      const key = empty ? undefined : unknown();
      if (key !== undefined) throw computedField(key, view, format, [...known]) ?? unknownField(key, [...known]);
    },
  };
  check.add(itemsOf(view));
  return check;
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
