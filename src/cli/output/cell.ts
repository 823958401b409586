import { own, toJson } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import { capitalized } from '../../base/text.ts';
import { ago } from '../../base/time.ts';
import type { Style } from './style.ts';
import { line } from './text.ts';
import type { Column, Item } from './view.ts';

/** What a cell depends on beside its value. */
export interface CellOptions {
  /** Epoch ms, for `3h ago`. */
  readonly now: number;
  readonly style: Style;
}

/** `php_version` -> `PHP version`: a field name as a heading. */
export function heading({ key, title }: Column): string {
  if (title) return title;
  const words = line(key).replace(/_at$/, '').replaceAll('_', ' ');
  const spelled = words.replace(/\b(id|ip|php|ssh|url|ssl)\b/g, (word) => word.toUpperCase());
  return capitalized(spelled);
}

/** A value as a person reads it: no `null`, no `undefined`, no control characters. */
export function cell(item: Item, column: Column, { now, style }: CellOptions): string {
  const { key } = column;
  const value = (column.cell === undefined ? undefined : column.cell(item)) ?? own(item, key);
  const plain = line(typeof value === 'string' ? value : words(value));
  if (plain === '') return style.dim('–');
  if (key.endsWith('_at')) return ago(plain, now);
  if (key !== 'status' && key !== 'outcome') return plain;
  const phase = phaseOf(value);
  return phase === 'good' ? style.green(plain) : phase === 'bad' ? style.red(plain) : phase === 'going' ? style.yellow(plain) : plain;
}

/** A value as text, the same everywhere but in JSON. */
export function words(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(words).join(', ');
  return typeof value === 'object' ? toJson(value) : String(value);
}
