import { mayBeInSession } from '../../machine/lineage.ts';
import { accountName } from '../../machine/settings/config.ts';
import { readSettings, type Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import { alternativesIn, choose, parametersOf } from '../language/calls.ts';
import type { TypedLine } from '../language/command.ts';
import type { Option } from '../language/options.ts';
import { positionalsOf } from '../language/signature.ts';
import { consentLevel } from '../language/tree.ts';
import type { Line } from './line.ts';

/** The settings of a command line. */
export const settingsFor = ({ command: { formats, signs }, globals }: TypedLine, world: World): Settings =>
  readSettings(world, { ...globals, debug: globals.debug || undefined, formats, signs });

/** What a typed line means with these settings. Fails for what this process may not do: in a session, or with DNX_READ_ONLY. */
export async function resolve(typedLine: TypedLine, settings: Settings, world: World): Promise<Line> {
  const isUnrestricted = !settings.readOnly && !mayBeInSession(world, settings.directories.config);
  const line = isUnrestricted ? { ...typedLine, settings } : (await import('./may.ts')).restricted(typedLine, settings, world);
  const { command, globals } = line;
  // What edits the link file, or whose site must be named, has no defaults.
  const hasDefaults = !command.links && (!command.named || globals.env !== undefined);
  return { ...line, defaults: hasDefaults ? line.settings : {} };
}

/**
 * Loads what runs a line. If the line certainly sends a request, the connection is made meanwhile. Called when what it may not do has been
 * refused.
 */
export async function loadConnecting<T>(line: Line, world: World, load: () => Promise<T>): Promise<T> {
  const { settings } = line;
  if (!world.connectEarly || line.dryRun.wanted || !isSignedIn(settings, world) || mayFail(line, settings, world) || !sends(line, settings))
    return load();
  return world.connectEarly(settings.host, settings.caFile, load);
}

/** True if a token will be found, as far as the settings tell. A session may refuse one. */
function isSignedIn({ blocked, session, config, ...place }: Settings, { env }: World): boolean {
  if (blocked.requests || session) return false;
  const variable = env.DNX_TOKEN?.trim();
  return variable ? isToken(variable) : !blocked.storedToken && config.accounts?.[accountName(place)] !== undefined;
}

const isToken = (word: string): boolean => /^[!-~]+$/.test(word);

const areNames = (words: readonly string[]): boolean => words.every((word) => /^\w[\w .-]*$/.test(word));

/** True if a question or a value could end the line before it sends a request. Values are only known to be right once they are read. */
function mayFail(
  { group, command, targets, options, fields, body, globals, consent }: TypedLine,
  settings: Settings,
  { env }: World,
): boolean {
  const words = { ...options, ...fields };
  const isGiven = (name: string) => words[name] !== undefined || targets[name] !== undefined;
  const declared = Object.entries<Option<unknown>>({ ...command.options, ...command.fields });
  const asks = declared.some(([name, { required, prompt }]) => (required || prompt) && !isGiven(name));
  const reads =
    Object.values(words).some((word) => typeof word !== 'boolean') ||
    Object.keys(words).length > 1 ||
    body.field.length > 0 ||
    body.data !== undefined ||
    globals.maxWait !== undefined ||
    Boolean(env.DNX_MAX_WAIT) ||
    declared.some(([, option]) => option.env !== undefined && Boolean(env[option.env]));
  const lacks = positionalsOf(group, command).some(({ key, required }) => required && !isGiven(key) && !hasDefault(key, settings));
  // What decides at run time whether to ask goes by options and the link file.
  const asksNothing = typeof command.consent === 'function' && settings.link === undefined && !Object.values(options).includes(true);
  const level = asksNothing ? undefined : consentLevel(command);
  return asks || reads || lacks || (level === 'severe' && consent.confirm === undefined) || (level === 'moderate' && !consent.yes);
}

/** True if the line has an endpoint, and names all that is in its path. */
function sends({ command, targets }: TypedLine, settings: Settings): boolean {
  if (typeof command.calls === 'function' || command.signs || command.named || command.links || settings.unplaced) return false;
  const isNamed = (name: string) => targets[name] !== undefined;
  const { endpoint } = choose(command.calls, isNamed, () => false);
  const has = (name: string) => isNamed(name) || hasDefault(name, settings);
  return (
    endpoint !== undefined &&
    parametersOf(endpoint).every((name) => has(name) || (name === 'server' && has('site'))) &&
    alternativesIn(command.calls).filter(isNamed).length < 2 &&
    Object.values(targets).every(areNames)
  );
}

const hasDefault = (name: string, { server, site }: Settings): boolean =>
  (name === 'server' ? server : name === 'site' ? site : undefined) !== undefined;
