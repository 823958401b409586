// Command lines of the test that runs. Not in the set-up file, which is loaded again for every file of tests.
const unread = new Set<{ readonly line: string }>();

/** A result that a test has to read something of: a command that fails unnoticed proves nothing. */
export function mustBeRead<T extends object>(line: string): (result: T) => T {
  const entry = { line };
  unread.add(entry);
  return (result) =>
    new Proxy(result, {
      get(target, key) {
        // `await` asks every value for this.
        if (key !== 'then') unread.delete(entry);
        return Reflect.get(target, key);
      },
    });
}

/** The command lines that nobody has read, which are then forgotten. */
export function takeUnread(): string[] {
  const lines = [...unread].map(({ line }) => line);
  unread.clear();
  return lines;
}
