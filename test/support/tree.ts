import { everyCommand, type Leaf } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';

/** Every command, in the order of the help. */
export const leaves: readonly Leaf[] = await everyCommand(tree);

/** The examples as typed: `dnx site deploy shop.example.com`. */
export const linesOf = ({ group, command }: Leaf): string[] =>
  command.examples.map((example) => ['dnx', group.name, example].filter(Boolean).join(' '));
