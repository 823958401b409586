import { mayBeInSession } from '../../machine/lineage.ts';
import { readSettings, type Settings } from '../../machine/settings/settings.ts';
import type { World } from '../../machine/world.ts';
import type { TypedLine } from '../language/command.ts';
import type { Line } from './line.ts';

/** The settings of a command line. */
export const settingsFor = ({ command: { formats, signs }, globals }: TypedLine, world: World): Settings =>
  readSettings(world, { ...globals, debug: globals.debug || undefined, formats, signs });

/** What a typed line means with these settings. Fails for what this process may not do: in a session, or with DNX_READ_ONLY. */
export async function resolve(typedLine: TypedLine, settings: Settings, world: World): Promise<Line> {
  const isUnrestricted = !settings.readOnly && !mayBeInSession(world, settings.directories.config);
  const line = isUnrestricted ? { ...typedLine, settings } : (await import('./session.ts')).restricted(typedLine, settings, world);
  const { command, globals } = line;
  // What edits the link file, or whose site must be named, has no defaults.
  const hasDefaults = !command.links && (!command.named || globals.env !== undefined);
  return { ...line, defaults: hasDefaults ? line.settings : {} };
}
