import type { Endpoint } from '../../platform/api/endpoint.ts';
import { choices, namings } from '../../platform/names/namings.ts';

/** The kinds of resources whose names completion offers. */
export const kinds: readonly string[] = [
  ...Object.keys(namings).filter((kind) => !namings[kind]?.confidential && (namings[kind]?.keys.length ?? 0) > 0),
  ...Object.keys(choices),
];

/** Where the names of a kind are listed. */
export const listOf = (kind: string): Endpoint | undefined => namings[kind]?.list ?? choices[kind];
