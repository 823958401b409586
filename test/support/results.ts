// The command lines of the running test. The setup file cannot keep them, because it is loaded again for every test file.
const unread = new Set<{ readonly line: string }>();

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

/** Returns the command lines with unread results, and clears them. */
export function takeUnread(): string[] {
  const lines = [...unread].map(({ line }) => line);
  unread.clear();
  return lines;
}
