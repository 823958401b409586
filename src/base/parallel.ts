const AT_A_TIME = 4;

/**
 * Runs a function for each item, four at a time by default. After a failure nothing new starts, and it is thrown once the running ones have
 * ended. `isFree`: false for an item that has to wait for the end of another one.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  run: (item: T) => Promise<R>,
  atATime = AT_A_TIME,
  isFree: (item: T) => boolean = () => true,
): Promise<readonly R[]> {
  const results: R[] = [];
  const left = [...items.entries()];
  let failure: { readonly error: unknown } | undefined;
  const take = () => {
    const index = left.findIndex(([, item]) => isFree(item));
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
  const worker = async () => {
    for (let next = take(); next && !failure; next = take()) {
      const [index, item] = next;
      try {
        results[index] = await run(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  if (failure) throw failure.error;
  return results;
}

/** Runs what it is given in turn, at most so many at a time. */
export function atMost(count: number) {
  const running = new Set<Promise<unknown>>();
  return async <T>(run: () => Promise<T>): Promise<T> => {
    while (running.size >= count) await Promise.race(running).catch(() => {});
    const work = run();
    const end = () => running.delete(work);
    running.add(work);
    work.then(end, end);
    return work;
  };
}
