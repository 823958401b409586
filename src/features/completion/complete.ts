import type { Tree } from '../../cli/language/command.ts';
import type { World } from '../../machine/world.ts';
import { dialects } from './dialects.ts';
import { readTypedLine } from './line.ts';
import { offerFor } from './offer.ts';

/**
 * `dnx __complete SHELL …`, which the scripts in `completions/` run at a Tab: what the shell offers, in its own format. Sends no request
 * unless DNX_COMPLETE_ONLINE is set, and opens no keychain. `run` is dnx itself.
 */
export async function complete(
  [shell = '', ...rest]: readonly string[],
  world: World,
  tree: Tree,
  run: (argv: readonly string[], world: World) => Promise<number>,
): Promise<string> {
  const dialect = Object.hasOwn(dialects, shell) ? dialects[shell as keyof typeof dialects] : undefined;
  if (!dialect) return '';
  const typed = dialect.read(rest);
  const line = await readTypedLine(typed.words, tree);
  // Only names need the settings.
  const sources = async () => (await import('./sources.ts')).openSources(line, typed.before, world, run);
  return dialect.print(await offerFor(typed.word, line, typed.words.length, tree, sources), typed, world);
}
