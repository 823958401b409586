import { own, toJson } from '../../base/json.ts';
import { capitalized } from '../../base/text.ts';
import { timeIn } from '../../base/time.ts';
import type { Style } from './style.ts';
import { line } from './text.ts';
import { toneOf } from './tone.ts';
import type { Column, Item } from './view.ts';

/** Options for formatting a cell. */
export interface CellOptions {
  /** Epoch ms, for `3h ago`. */
  readonly now: number;
  readonly style: Style;
  /** True on a terminal: statuses get a dot, times are relative, and text loses its control characters. */
  readonly terminal: boolean;
}

const headings: Readonly<Record<string, string>> = {
  auto_deploy_enabled: 'Auto-deploy',
  commit_hash: 'Commit',
  commit_message: 'Message',
  database_type: 'Database',
  git_provider_id: 'Git provider',
  git_repository_id: 'Repository',
  ip_address: 'IP',
  last_deployed_at: 'Deployed',
  last_used_at: 'Last used',
  monitoring_enabled: 'Monitoring',
  php_version: 'PHP',
  scheduled_deploy_at: 'Scheduled',
  sites_count: 'Sites',
  webserver: 'Web server',
  zero_downtime_enabled: 'Zero downtime',
};

/** The heading for a field: `PHP` for `php_version`, `Created` for `created_at`. */
export function heading({ key, title }: Column): string {
  if (title) return capitalized(title);
  const known = own(headings, key);
  if (typeof known === 'string') return known;
  const words = line(key).replace(/_at$/, '').replaceAll('_', ' ');
  const spelled = words.replace(/\b(id|ip|php|ssh|url|ssl)\b/g, (word) => word.toUpperCase());
  return capitalized(spelled);
}

/** The value of a column: computed, or the field of the item. */
export const valueIn = (item: Item, { key, cell: computed }: Column): unknown => computed?.(item) ?? own(item, key);

/** Formats a value for a table: no `null`, `undefined` or control characters. */
export function cell(item: Item, column: Column, { now, style, terminal }: CellOptions): string {
  const { key } = column;
  const value = valueIn(item, column);
  const plain = line(typeof value === 'string' ? value : words(value));
  if (plain === '') return style.dim('–');
  if (key.endsWith('_at')) return timeIn(plain, { now, terminal });
  const own = column.tone?.(item);
  if (own) return style[own](plain);
  if (key !== 'status' && key !== 'outcome') return plain;
  if (column.past?.(item)) return style.dim(plain);
  const tone = toneOf(value, column);
  const marked = key === 'status' && terminal ? `● ${plain}` : plain;
  return tone === undefined ? marked : style[tone](marked);
}

/** A value as text, for every format except JSON. */
export function words(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.map(words).join(', ');
  return typeof value === 'object' ? toJson(value) : String(value);
}
