// The command lines of the running tests. The setup file cannot keep them, because it is loaded again for every test file.
const unread = new Set<{ readonly line: string }>();
/** Concurrent tests share the lines; the last one to end answers for them. */
let running = 0;

/** Makes a test fail unless it reads the result, so that no command fails unnoticed. */
export function mustBeRead<T extends object>(line: string): (result: T) => T {
  const entry = { line };
  unread.add(entry);
  return (result) =>
    new Proxy(result, {
      get(target, key) {
        // `await` reads this of every value.
        if (key !== 'then') unread.delete(entry);
        return Reflect.get(target, key);
      },
    });
}

/** Counts a test that begins. */
export function beginTest(): void {
  running += 1;
}

/** Returns the command lines with unread results, and clears them, unless another test is still running. */
export function endTest(): string[] {
  running -= 1;
  if (running > 0) return [];
  const lines = [...unread].map(({ line }) => line);
  unread.clear();
  return lines;
}
