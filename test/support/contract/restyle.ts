import type { OpenApi } from './openapi.ts';
import type { Coin } from './rewrite.ts';
import { styles } from './styles.ts';

/** Everywhere. */
export const always: Coin = () => true;

/** A coin that falls the same way for the same seed. */
export function coinOf(seed: number): Coin {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state > 2 ** 31;
  };
}

/** A document of the same API in other styles. */
export function restyled(document: OpenApi, names: readonly string[], coin: Coin): OpenApi {
  const changed = structuredClone(document);
  for (const [name, apply] of Object.entries(styles)) if (names.includes(name)) apply(changed, coin);
  return changed;
}
