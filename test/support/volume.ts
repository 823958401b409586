import fc from 'fast-check';

const given = process.env.DNX_TEST_VOLUME ?? '';
if (!['', 'full'].includes(given)) throw new Error(`DNX_TEST_VOLUME is “full” or nothing, not “${given}”.`);
const full = given === 'full';

/** How often a random test runs: as often as it can where DNX_TEST_VOLUME is `full`, as in CI, and a few times otherwise. */
export const volume = (all: number, few: number): number => (full ? all : few);

/** All of these where the volume is full, and otherwise a few, always the same ones for a seed, in their order. */
export function sampled<T>(all: readonly T[], few: number, seed: number): readonly T[] {
  if (full || few >= all.length) return all;
  const [some = []] = fc.sample(fc.shuffledSubarray([...all], { minLength: few, maxLength: few }), { seed, numRuns: 1 });
  return all.filter((each) => some.includes(each));
}

/** The seed of a random test: its own, or that of DNX_TEST_SEED. */
export const seedOf = (own: number): number => Number(process.env.DNX_TEST_SEED || own);
