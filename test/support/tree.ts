import type { Endpoint } from '../../src/api/endpoint.ts';
import type { AnyCommand } from '../../src/cli/command.ts';
import { everyCommand, type Leaf } from '../../src/cli/tree.ts';
import { alone, contents, shortcuts } from '../../src/commands/index.ts';

export const tree = { alone, contents, shortcuts };

/** Every command, loaded, in the order of the help. */
export const leaves: readonly Leaf[] = await everyCommand(tree);

/** Every operation that a command may call. */
export const endpointsOf = ({ endpoint, uses = [], options = {} }: AnyCommand): Endpoint[] => [
  ...(endpoint ? [endpoint] : []),
  ...uses,
  ...Object.values(options).flatMap((option) => [...(option.uses ?? []), ...(option.within ? [option.within] : [])]),
];

/** An example as it is typed: `dnx site deploy shop.example.com`. */
export const linesOf = ({ path, group, command }: Leaf): string[] =>
  command.examples.map((example) => (group ? `dnx ${path.split(' ')[0]} ${example}` : `dnx ${example}`));
