import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/** What a test opens, and what must be closed again. */
interface Opened {
  close(): unknown;
}

/** Opens one for each test of this file or `describe`, and closes it after the test. The value stands for the one of the running test. */
export const perTest = <T extends Opened>(open: () => T | Promise<T>): T => standIn(open, beforeEach, afterEach);

/** Opens one for all tests of this file or `describe`. */
export const perSuite = <T extends Opened>(open: () => T | Promise<T>): T => standIn(open, beforeAll, afterAll);

type Hook = (run: () => Promise<void>) => void;

function standIn<T extends Opened>(open: () => T | Promise<T>, before: Hook, after: Hook): T {
  let opened: T | undefined;
  before(async () => {
    opened = await open();
  });
  after(async () => {
    await opened?.close();
    opened = undefined;
  });
  const current = (): T => {
    if (!opened) throw new Error('It is open only while a test or hook runs.');
    return opened;
  };
  return new Proxy({} as T, {
    get: (_, key) => Reflect.get(current(), key),
    set: (_, key, value) => Reflect.set(current(), key, value),
  });
}
