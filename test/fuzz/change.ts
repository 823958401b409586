import fc from 'fast-check';
import { json, scalar, words } from './json.ts';

/** A change to a JSON body. `at` selects one of its values, in order. */
export type Change =
  | { readonly kind: 'set'; readonly at: number; readonly to: unknown }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'add'; readonly at: number; readonly key: string; readonly to: unknown }
  /** Replaces every string of the body with these words, with or without the ids. */
  | { readonly kind: 'taint'; readonly words: string; readonly ids: boolean }
  | { readonly kind: 'meta'; readonly to: unknown };

/** Any of these changes. */
export const change: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: fc.record({ kind: fc.constant('set' as const), at: fc.nat(300), to: json }), weight: 6 },
  { arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat(300) }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant('add' as const), at: fc.nat(300), key: words, to: json }), weight: 1 },
  { arbitrary: fc.record({ kind: fc.constant('taint' as const), words, ids: fc.boolean() }), weight: 3 },
  {
    arbitrary: fc.record({
      kind: fc.constant('meta' as const),
      to: fc.oneof(
        json,
        fc.record({ current_page: scalar, last_page: scalar, per_page: scalar, total: scalar }),
        fc.record({ current_page: fc.constant(1), last_page: fc.constantFrom<unknown>(2, 3, 1e9, '2', 'x') }),
      ),
    }),
    weight: 1,
  },
);

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function places(root: Record<string, unknown>): Place[] {
  const found: Place[] = [];
  const visit = (holder: Record<string, unknown>) => {
    for (const key of Object.keys(holder)) {
      found.push({ holder, key });
      const value = holder[key];
      if (typeof value === 'object' && value !== null && found.length < 5_000) visit(value as Record<string, unknown>);
    }
  };
  visit(root);
  return found;
}

const own = (holder: Record<string, unknown>, key: string, value: unknown) =>
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });

const isId = (key: string) => key === 'id' || key.endsWith('_id');

/** A body with these changes, as text. */
export function changed(body: unknown, changes: readonly Change[]): string {
  const root: Record<string, unknown> = { body: structuredClone(body) };
  for (const each of changes) {
    const all = places(root);
    const { holder, key } = all[('at' in each ? each.at : 0) % all.length] ?? { holder: root, key: 'body' };
    const value = holder[key];
    switch (each.kind) {
      case 'set':
        own(holder, key, structuredClone(each.to));
        break;
      case 'remove':
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 'add':
        if (typeof value === 'object' && value !== null) own(value as Record<string, unknown>, each.key, structuredClone(each.to));
        break;
      case 'taint':
        for (const place of all) {
          const text = place.holder[place.key];
          if (typeof text === 'string' && (each.ids || !isId(place.key))) own(place.holder, place.key, text + each.words);
        }
        break;
      case 'meta':
        if (typeof root.body === 'object' && root.body !== null)
          own(root.body as Record<string, unknown>, 'meta', structuredClone(each.to));
        break;
    }
  }
  return JSON.stringify(root.body) ?? '';
}
