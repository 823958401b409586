import { DnxError, usage } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { message, type View } from '../../cli/output/view.ts';
import { accountNamed } from '../../machine/credentials/account.ts';
import { DEFAULT_PROFILE } from '../../machine/settings/place.ts';

/** Makes a profile the one that is used when nothing else is said. */
export async function switchProfile(
  { ask, settings, progress, clock, signal }: Pick<Context, 'ask' | 'settings' | 'progress' | 'clock' | 'signal'>,
  wanted: string | undefined,
): Promise<View> {
  const { config, directories, origins } = settings;
  const names = profileNames(settings);
  if (wanted === undefined && !ask.allowed) throw usage('Which profile?', `Name one: ${names.join(', ')}.`);
  const profile =
    wanted ??
    (await ask.select(
      'Which profile?',
      names.map((name) => ({ name: name === (config.profile ?? DEFAULT_PROFILE) ? `${name} (in use)` : name, value: name })),
    ));
  if (!names.includes(profile))
    throw new DnxError('not_found', `There is no profile ${profile}. There are: ${names.join(', ')}.`, {
      next: [{ command: ['login', '--profile', profile], why: 'Make one by signing in' }],
    });
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, { clock, signal }, (now) => ({ ...now, profile }));
  if (origins.profile === 'environment') progress.warn('DNX_PROFILE is set, and it wins over this.');
  if (origins.profile === 'link file' && settings.profile !== profile)
    progress.warn(`${settings.linkFile} names the profile ${settings.profile}: in this directory, choose with --profile.`);
  return message(`Profile ${profile} is now used.`, { profile });
}

/** Every profile that has settings or a token, and the default one. */
function profileNames({ config }: Pick<Context['settings'], 'config'>): string[] {
  const signedIn = Object.keys(config.accounts ?? {}).map((name) => accountNamed(name).profile);
  return [...new Set([DEFAULT_PROFILE, ...Object.keys(config.profiles ?? {}), ...signedIn])];
}
