import { join } from 'node:path';
import { type Lease, savedLeases, saveLease } from '../../src/machine/lease.ts';
import type { Child } from '../../src/machine/world.ts';
import type { Bed, Run, RunOptions } from './dnx.ts';

const configOf = ({ directory }: Pick<Bed, 'directory'>): string => join(directory, 'config');

/** The saved leases of a bed. */
export const savedIn = (bed: Pick<Bed, 'directory'>): readonly Lease[] => savedLeases(configOf(bed));

/** Changes the saved leases, as if another process had written them. */
export function editLeases(bed: Pick<Bed, 'directory'>, change: Partial<Lease>): void {
  for (const lease of savedIn(bed)) saveLease(configOf(bed), { ...lease, ...change });
}

/** The names of the leased tokens that exist. */
export const leasedTokens = ({ sandbox }: Pick<Bed, 'sandbox'>): readonly string[] =>
  sandbox.state.tokens.map(({ name }) => name).filter((name) => name.startsWith('dnx '));

/** Runs a line that leases, whose command is `work`: it runs dnx as the command would. */
export function leasing(
  bed: Bed,
  line: string,
  work: (inside: (line: string | readonly string[], env?: RunOptions['env']) => Promise<Run>, child: Child) => Promise<unknown>,
  options: RunOptions = {},
): Promise<Run> {
  const child = async (started: Child) => {
    const inside = (words: string | readonly string[], env: RunOptions['env'] = {}) => bed.dnx(words, { env: { ...started.env, ...env } });
    const code = await work(inside, started);
    return typeof code === 'number' ? code : 0;
  };
  return bed.dnx(`${line} -- work`, { ...options, child });
}
