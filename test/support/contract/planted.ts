import type { OpenApi } from './openapi.ts';
import { inRequests } from './planted-bodies.ts';
import { inResponses } from './planted-responses.ts';

/** A change of the document, and the difference that must be found. */
export interface Planted {
  readonly plant: (document: OpenApi) => unknown;
  readonly finds: {
    readonly kind: string;
    readonly operation: string;
    readonly name: string | null;
    readonly says: RegExp;
  };
  /** Cannot be planted together with another one in the same place. */
  readonly alone?: true;
}

/** Every kind of difference, planted once. */
export const planted: readonly (readonly [string, Planted])[] = Object.entries({ ...inRequests, ...inResponses });
