import type { Bed } from './dnx.ts';

/** A state file of shop.example.com with these lines. */
export const stateOf = (...lines: readonly string[]): string =>
  ['sites:', '  shop.example.com:', ...lines.map((line) => `    ${line}`), ''].join('\n');

/** shop.example.com of the seed. */
export function shopOf({ sandbox }: Pick<Bed, 'sandbox'>) {
  const shop = sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
  if (!shop) throw new Error('The seed has shop.example.com.');
  return shop;
}
