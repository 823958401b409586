/**
 * Gives as many seekers as possible one thing each, and no thing to two. A seeker takes the first free one of its candidates; where none is
 * free, one that has it moves on to another of its own.
 */
export function assigned<S, T>(seekers: readonly S[], candidates: (seeker: S) => Iterable<T>): ReadonlyMap<S, T> {
  const held = new Map<S, T>();
  const holders = new Map<T, S>();
  // A search that failed leaves nothing that a later one could use.
  const lost = new Set<T>();
  for (const seeker of seekers) {
    const reached = new Map<T, S>();
    const free = firstFree([seeker], (one) => candidates(one), { reached, holders, lost });
    if (free === undefined) for (const thing of reached.keys()) lost.add(thing);
    for (let thing = free; thing !== undefined; ) {
      const taker = reached.get(thing) as S;
      const before = held.get(taker);
      held.set(taker, thing);
      holders.set(thing, taker);
      thing = before;
    }
  }
  return held;
}

interface Search<S, T> {
  /** Who reached a thing. */
  readonly reached: Map<T, S>;
  readonly holders: ReadonlyMap<T, S>;
  readonly lost: ReadonlySet<T>;
}

function firstFree<S, T>(queue: S[], candidates: (seeker: S) => Iterable<T>, { reached, holders, lost }: Search<S, T>): T | undefined {
  for (const seeker of queue) {
    for (const thing of candidates(seeker)) {
      if (reached.has(thing) || lost.has(thing)) continue;
      reached.set(thing, seeker);
      const holder = holders.get(thing);
      if (holder === undefined) return thing;
      queue.push(holder);
    }
  }
  return undefined;
}

/** The things of each key, in their order. */
export function grouped<T>(things: readonly T[], keyOf: (thing: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const group = groups.get(key);
    if (group) group.push(thing);
    else groups.set(key, [thing]);
  }
  return groups;
}
