import type { Answer } from './http/answer.ts';

/** Which requests a fault is for. A path is without `/api/v1`; as a string it may have parameters, `/servers/{server}`. */
export interface Match {
  readonly method?: string;
  readonly path?: string | RegExp;
}

/**
 * What happens instead of the right answer.
 * Not performed: an answer of one's own; `hang` (no answer until close); `drop` (the connection is closed without an answer).
 * Performed: `drop-after` (then closed without an answer); `cut` (headers and half the body, then closed); `trickle` (the right answer
 * in slow small pieces); a function of the right answer, to try other permitted shapes.
 */
export type Reply =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | object }
  | 'hang'
  | 'drop'
  | 'drop-after'
  | 'cut'
  | 'trickle'
  | ((answer: Answer) => Answer);

/** Makes the sandbox misbehave. Faults are tried in the order they were made; the first that matches is used. */
export interface Faults {
  /** For the next `times` matching requests, once unless told otherwise. */
  next(match: Match, reply: Reply, times?: number): void;
  /** For every matching request until the function it returns is called. */
  always(match: Match, reply: Reply): () => void;
  clear(): void;
}

interface Fault {
  readonly match: Match;
  readonly reply: Reply;
  left: number;
}

/** Faults and, for the server alone, the one that a request calls up. */
export interface FaultBox extends Faults {
  take(method: string, path: string): Reply | undefined;
}

/** An empty box of faults. */
export function createFaults(): FaultBox {
  let faults: Fault[] = [];
  const add = (match: Match, reply: Reply, left: number): Fault => {
    const fault = { match, reply, left };
    faults.push(fault);
    return fault;
  };
  const drop = (fault: Fault): void => {
    faults = faults.filter((other) => other !== fault);
  };
  return {
    next: (match, reply, times = 1) => void add(match, reply, times),
    always: (match, reply) => {
      const fault = add(match, reply, Number.POSITIVE_INFINITY);
      return () => drop(fault);
    },
    clear: () => {
      faults = [];
    },
    take: (method, path) => {
      const fault = faults.find(({ match }) => fits(match, method, path));
      if (fault === undefined) return undefined;
      fault.left -= 1;
      if (fault.left <= 0) drop(fault);
      return fault.reply;
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
