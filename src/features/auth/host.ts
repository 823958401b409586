import { isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Ask } from '../../cli/prompt/ask.ts';
import { accountName } from '../../machine/credentials/tokens.ts';
import { DEFAULT_HOST, hostName, hostOf } from '../../machine/settings/host.ts';

/** Prompts for the host to sign in to. */
export async function askHost(ask: Ask, preset: string): Promise<string> {
  return hostOf(await ask.input('Host:', { default: hostName(preset), check: wrongHost }));
}

function wrongHost(typed: string): string | undefined {
  try {
    hostOf(typed.trim());
    return undefined;
  } catch (error) {
    if (!isError(error)) throw error;
    return [error.message, error.hint].filter(Boolean).join(' ');
  }
}

/** Saves the host in the profile, so that the next command needs no `--host`. Notes if it replaces another one. */
export async function rememberHost(
  { settings, progress, world }: Pick<Context, 'settings' | 'progress' | 'world'>,
  host: string,
): Promise<void> {
  const { profile, config, directories } = settings;
  const kept = config.profiles?.[profile]?.host;
  if (kept === host) return;
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, world, (now) => ({
    ...now,
    profiles: { ...now.profiles, [profile]: { ...now.profiles?.[profile], host } },
  }));
  // A profile without a host used the default host if it has a token there.
  const before = kept ?? (config.accounts?.[accountName({ profile, host: DEFAULT_HOST })] ? DEFAULT_HOST : host);
  if (before !== host) progress.note(`Profile ${profile} now uses ${hostName(host)} instead of ${hostName(before)}.`);
}
