import fc from 'fast-check';

const given = process.env.DNX_TEST_VOLUME ?? '';
if (!['', 'full'].includes(given)) throw new Error(`DNX_TEST_VOLUME must be 'full' or unset, not '${given}'.`);
const full = given === 'full';

/** How often a random test runs: `all` times if DNX_TEST_VOLUME is `full`, as in CI, otherwise `few` times. */
export const volume = (all: number, few: number): number => (full ? all : few);

/** All of these, or `most` of them, if the volume is full, otherwise a few in their order, always the same for a seed. */
export function sampled<T>(all: readonly T[], few: number, seed: number, most: number = all.length): readonly T[] {
  const size = volume(most, few);
  if (size >= all.length) return all;
  const [some = []] = fc.sample(fc.shuffledSubarray([...all], { minLength: size, maxLength: size }), { seed, numRuns: 1 });
  return all.filter((each) => some.includes(each));
}

/** The seed of a random test; DNX_TEST_SEED overrides it. */
export const seedOf = (own: number): number => Number(process.env.DNX_TEST_SEED || own);
