import type { Coin } from './rewrite.ts';

/** Replaces some of the values in a document, at any depth. */
export function damaged(value: unknown, junk: () => unknown, coin: Coin): unknown {
  if (Array.isArray(value)) return value.map((each) => (coin() ? junk() : damaged(each, junk, coin)));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coin() ? junk() : damaged(each, junk, coin)]));
}
