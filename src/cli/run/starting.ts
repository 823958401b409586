import type { Targets } from '../../platform/names/names.ts';
import { type Chosen, onlyReads } from '../language/calls.ts';
import type { Inputs } from './inputs.ts';
import type { Invocation } from './invocation.ts';

/** A command whose targets are known and confirmed. */
export interface Starting {
  /** With its group: `site update`. */
  readonly name: string;
  readonly targets: readonly Targets[];
  /** The fields that it sends. */
  readonly body: Readonly<Record<string, unknown>>;
  /** True if it sends only GET requests. */
  readonly reads: boolean;
}

/** Runs before a command. The returned function runs after its success. */
export type BeforeCommand = (starting: Starting) => Promise<(() => Promise<void>) | undefined>;

/** What is about to run. */
export const startingOf = (
  { group, command }: Invocation,
  chosen: Chosen,
  { fields, extra }: Pick<Inputs, 'fields' | 'extra'>,
  targets: readonly Targets[],
): Starting => ({ name: `${group.name} ${command.name}`, targets, body: { ...fields, ...extra }, reads: onlyReads(chosen) });
