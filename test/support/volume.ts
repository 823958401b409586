import fc from 'fast-check';

const given = process.env.DNX_TEST_VOLUME ?? '';
if (!['', 'deep'].includes(given)) throw new Error(`DNX_TEST_VOLUME must be 'deep' or unset, not '${given}'.`);
/** True in `npm run test:deep`. */
export const deep = given === 'deep';

declare module 'vitest' {
  interface TaskMeta {
    /** How many rows of its tables a file left out. */
    leftOut?: number;
  }
}

// Not in the setup file, which is loaded again for every test file.
let leftOut = 0;

/** How many rows this file left out. Counts the next file from 0. */
export function takeLeftOut(): number {
  const count = leftOut;
  leftOut = 0;
  return count;
}

function sample<T>(all: readonly T[], isIn: (each: T, at: number) => boolean): readonly T[] {
  const some = all.filter(isIn);
  leftOut += all.length - some.length;
  return some;
}

/** How often a random test runs: `all` times in `npm run test:deep`, otherwise a `few` times with a fixed seed. */
export const volume = (all: number, few: number): number => (deep ? all : few);

/** All of these, or `most` of them, in `npm run test:deep`, otherwise a few in their order, always the same for a seed. */
export function sampled<T>(all: readonly T[], few: number, seed: number, most: number = all.length): readonly T[] {
  const size = volume(most, few);
  if (size >= all.length) return all;
  const [some = []] = fc.sample(fc.shuffledSubarray([...all], { minLength: size, maxLength: size }), { seed, numRuns: 1 });
  return sample(all, (each) => some.includes(each));
}

/** All of these in `npm run test:deep`, otherwise the next one, so that each gets its turn in a table with as many rows or more. */
export const turn = <T>(all: readonly T[], row: number): readonly T[] => (deep ? all : sample(all, (_, at) => at === row % all.length));

/** The seed of a random test. `npm run test:deep` sets another one, and prints it. */
export const seedOf = (own: number): number => Number(process.env.DNX_TEST_SEED || own);

/** All of these in `npm run test:deep`, otherwise the first few, which stand for the rest. */
export const leading = <const T>(all: readonly T[], few: number): readonly T[] => (deep ? all : sample(all, (_, at) => at < few));

/** All of these in `npm run test:deep`, otherwise the first of each kind. */
export function oneOfEach<T>(all: readonly T[], kindOf: (each: T) => unknown): readonly T[] {
  const kinds = new Set<unknown>();
  return deep ? all : sample(all, (each) => kinds.size < kinds.add(kindOf(each)).size);
}
