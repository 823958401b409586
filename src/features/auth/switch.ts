import { usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { done, type View } from '../../cli/output/view.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/host.ts';
import { noProfile, profileNames } from './profiles.ts';

/** Makes a profile the default for the next commands. */
export async function switchProfile(
  { ask, settings, progress, clock, signal }: Pick<Context, 'ask' | 'settings' | 'progress' | 'clock' | 'signal'>,
  wanted: string | undefined,
): Promise<View> {
  const { config, directories, origins } = settings;
  const names = profileNames(config);
  if (wanted === undefined && !ask.allowed) throw usage('No profile given.', `Use one of ${names.join(', ')}.`);
  const profile =
    wanted ??
    (await ask.select(
      'Switch to which profile?',
      names.map((name) => ({ name: name === (config.profile ?? DEFAULT_PROFILE) ? `${name} (current)` : name, value: name })),
    ));
  if (!names.includes(profile)) throw noProfile(profile, names);
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, { clock, signal }, (now) => ({ ...now, profile }));
  if (origins.profile === 'environment') progress.warn('DNX_PROFILE is set and overrides this.');
  if (origins.profile === 'link file' && settings.profile !== profile)
    progress.warn(`${settings.link?.file} selects profile ${settings.profile}, so use --profile in this directory.`);
  return done(`Switched to profile ${profile}`, { profile });
}
