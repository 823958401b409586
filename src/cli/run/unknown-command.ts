import { type DnxError, usage } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';
import type { Tree } from '../language/command.ts';
import { everyCommand } from '../language/tree.ts';
import { seeHelp } from './command-line.ts';

/** The error for an unknown command, with a suggestion. `path` is the group, or empty. */
export async function unknownCommand(word: string, path: string, known: readonly string[], tree: Tree): Promise<DnxError> {
  const leaves = await everyCommand(tree);
  const elsewhere = leaves.filter(({ command: { name, aliases = [] } }) => name === word || aliases.includes(word));
  const here = nearest(word, known);
  const meant = elsewhere.length === 1 ? elsewhere[0]?.path : here && `${path} ${here}`.trim();
  return usage(`Unknown command '${`${path} ${word}`.trim()}'.${meant ? ` Did you mean '${meant}'?` : ''}`, undefined, seeHelp(path));
}
