import { AsyncLocalStorage } from 'node:async_hooks';

// Not in the setup file, which is loaded again for every test file.
const used = new Set<AsyncLocalStorage<unknown>>();
const { run } = AsyncLocalStorage.prototype;
AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>) {
  used.add(this);
  return run.apply(this, args);
} as typeof run;

/** Ends what the prompts of a file have left on: up to Node 22, every promise of the worker takes longer from the first prompt on. */
export function disableStorages(): void {
  for (const storage of used) storage.disable();
  used.clear();
}
