import type { Tree } from '../../cli/language/command.ts';
import { accountNamed } from '../../machine/credentials/tokens.ts';
import { truthy } from '../../machine/env.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/host.ts';
import { readSettings, type Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { dialects } from './dialects.ts';
import { type Line, readLine } from './line.ts';
import { namesIn, parentsOf, rememberedLists } from './names.ts';
import { offerFor, type Sources } from './offer.ts';

/** Runs a command line of dnx. */
type RunLine = (argv: readonly string[], world: World) => Promise<number>;

/**
 * `dnx __complete SHELL …`, which the scripts in `completions/` run at a Tab: what the shell offers, in its own format. Sends no request
 * unless DNX_COMPLETE_ONLINE is set, and opens no keychain.
 */
export async function complete([shell = '', ...rest]: readonly string[], world: World, tree: Tree, run: RunLine): Promise<string> {
  const dialect = Object.hasOwn(dialects, shell) ? dialects[shell as keyof typeof dialects] : undefined;
  if (!dialect) return '';
  const typed = dialect.read(rest);
  const line = await readLine(typed.words, tree);
  const offer = await offerFor(typed.word, line, typed.words.length, tree, sourcesOf(line, typed.before, world, run));
  return dialect.print(offer, typed, world);
}

/** Variables before the command, and another user's settings. */
const OTHER_SETTINGS = /(^|\s)(DNX_|XDG_|HOME=|sudo\s|doas\s)/;

function sourcesOf(line: Line, before: string, world: World, run: RunLine): Sources {
  const { given } = line;
  const last = (key: string) => given.get(key)?.at(-1);
  const settings = OTHER_SETTINGS.test(before) ? undefined : settingsFor(world, last);
  return {
    async names(kind) {
      if (!settings) return [];
      const parents = parentsFor(kind, line, settings);
      return truthy(world.env.DNX_COMPLETE_ONLINE)
        ? (await import('./online.ts')).requestNames(kind, { ...parents, profile: last('profile'), host: last('host') }, world, run)
        : namesIn(rememberedLists(world, settings), kind, parents);
    },
    profiles: () => (settings ? profilesIn(settings) : []),
    environments: () => (settings?.link?.environments ?? []).flatMap(({ name }) => (name === '' ? [] : [name])),
    branches: async () => (await import('./branches.ts')).branchesOf(world),
  };
}

/** The settings of the line; undefined if they are broken or contradict each other. */
function settingsFor(world: World, last: (key: string) => string | undefined): Settings | undefined {
  try {
    return readSettings(world, { profile: last('profile'), host: last('host'), env: last('env') });
  } catch {
    return undefined;
  }
}

/** The words for the parents of a kind of resource: those of the line, else the defaults that the command would use. */
function parentsFor(kind: string, { given, positionals, args }: Line, settings: Settings): Readonly<Record<string, string | undefined>> {
  const wanted = parentsOf(kind);
  const word = (key: string) => given.get(key)?.at(-1) ?? args[positionals.findIndex((each) => each.key === key)];
  const parents = Object.fromEntries(wanted.map((key) => [key, word(key)]));
  if (parents.server !== undefined || parents.site !== undefined || !wanted.includes('server')) return parents;
  if (wanted.includes('site') && settings.site !== undefined) return { ...parents, site: settings.site };
  // A site is looked for on every server, whatever the default one.
  return kind === 'site' && settings.origins.server !== 'environment' ? parents : { ...parents, server: settings.server };
}

function profilesIn({ config }: Settings): readonly string[] {
  const named = Object.keys(config.accounts ?? {}).map((name) => accountNamed(name).profile);
  const profiles = [...new Set([DEFAULT_PROFILE, ...Object.keys(config.profiles ?? {}), ...named])];
  return profiles.filter((name) => /^[^-\s\p{C}]([^\p{C}]*[^\s\p{C}])?$/u.test(name));
}
