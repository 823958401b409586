import type { ApiResponse } from './response.ts';

/** Which requests a fault applies to. Paths leave out `/api/v1`; a string may contain parameters: `/servers/{server}`. */
export interface Match {
  readonly method?: string;
  readonly path?: string | RegExp;
}

/**
 * What happens instead of the regular response.
 * Request not performed: a custom response; `hang` (no response until close); `drop` (closed without a response).
 * Request performed: `drop-after` (closed without a response); `hang-after` (no response until close); `cut` (closed after half the
 * body); `trickle` (the regular response in small, slow pieces); a function of the regular response, to test other valid shapes.
 */
export type FaultReply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }
  | 'hang'
  | 'drop'
  | 'drop-after'
  | 'hang-after'
  | 'cut'
  | 'trickle'
  | ((response: ApiResponse) => ApiResponse);

/** Faults as the server sees them. */
export type FaultBox = ReturnType<typeof createFaults>;

/** Injects faults. The first fault that matches a request applies. */
export type Faults = Omit<FaultBox, 'take'>;

/** Creates an empty set of faults. */
export function createFaults() {
  let faults: { readonly match: Match; readonly reply: FaultReply; left: number }[] = [];
  const add = (match: Match, reply: FaultReply, left: number) => {
    const fault = { match, reply, left };
    faults.push(fault);
    return () => {
      faults = faults.filter((other) => other !== fault);
    };
  };
  return {
    /** Applies to the next `times` matching requests. */
    next: (match: Match, reply: FaultReply, times = 1): void => void add(match, reply, times),
    /** Applies to every matching request until the returned function is called. */
    always: (match: Match, reply: FaultReply): (() => void) => add(match, reply, Number.POSITIVE_INFINITY),
    clear: (): void => {
      faults = [];
    },
    take: (method: string, path: string): FaultReply | undefined => {
      const fault = faults.find(({ match, left }) => left > 0 && fits(match, method, path));
      if (fault) fault.left -= 1;
      return fault?.reply;
    },
  };
}

function fits(match: Match, method: string, path: string): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match.path === undefined) return true;
  if (match.path instanceof RegExp) return path.search(match.path) >= 0;
  const pattern = match.path.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pattern.join('[^/]+')}$`).test(path);
}
