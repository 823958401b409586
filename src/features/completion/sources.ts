import { truthy } from '../../machine/env.ts';
import { accountNamed } from '../../machine/settings/config.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/host.ts';
import { readSettings, type Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { TypedLine } from './line.ts';
import { narrowingOptions, offeredNames, rememberedLists } from './names.ts';
import type { WordSources } from './offer.ts';

/** Variables before the command, and another user's settings. */
const OTHER_SETTINGS = /(^|\s)(DNX_|XDG_|HOME=|sudo\s|doas\s)/;

/** Opens the sources for a line. `before`: the whole line, if it is known. */
export function openSources(
  line: TypedLine,
  before: string,
  world: World,
  run: (argv: readonly string[], world: World) => Promise<number>,
): WordSources {
  const { given } = line;
  const last = (key: string) => given.get(key)?.at(-1);
  const settings = OTHER_SETTINGS.test(before) ? undefined : settingsFor(world, last);
  return {
    async names(kind) {
      if (!settings) return [];
      const parents = parentsFor(kind, line, settings);
      return truthy(world.env.DNX_COMPLETE_ONLINE)
        ? (await import('./online.ts')).requestNames(kind, { ...parents, profile: last('profile'), host: last('host') }, world, run)
        : offeredNames(rememberedLists(world, settings), kind, parents);
    },
    async artisan() {
      const site = last('site') ?? settings?.site;
      return settings && site !== undefined ? (await import('./artisan-list.ts')).artisanCommands(settings, site) : [];
    },
    profiles: () => (settings ? profilesIn(settings) : []),
    environments: () => (settings?.link?.environments ?? []).flatMap(({ name }) => (name === '' ? [] : [name])),
    branches: async () => (await import('../../machine/git.ts')).branchesOf(world),
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
function parentsFor(
  kind: string,
  { given, positionals, args }: TypedLine,
  settings: Settings,
): Readonly<Record<string, string | undefined>> {
  const wanted = narrowingOptions(kind);
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
