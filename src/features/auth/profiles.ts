import { DnxError, isStop, usage } from '../../base/errors.ts';
import { didYouMean } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import type { Consent, Context } from '../../cli/language/command.ts';
import { nullable, objectOf, type Printed, word, words, yes } from '../../cli/language/shape.ts';
import { columns, done, rows } from '../../cli/output/view.ts';
import { realPathOf } from '../../machine/files/text-file.ts';
import { accountName, accountNamed, type Config, DEFAULT_PROFILE, type Identity, profileNames } from '../../machine/settings/config.ts';
import { DEFAULT_HOST, directoryIn, hostName } from '../../machine/settings/host.ts';
import { forgetRevoked, revokeItself, tokenId } from '../token/token.ts';

export const listedProfile = objectOf({
  name: word,
  host: word,
  current: yes,
  signed_in: yes,
  user: nullable(word),
  directories: words,
});
type ListedProfile = Printed<typeof listedProfile>;

/** The directories that use a profile. */
const directoriesOf = (name: string, { directories = {} }: Config): readonly string[] =>
  Object.keys(directories).filter((path) => directories[path] === name);

/** Lists the profiles without checking their tokens. */
export function listProfiles({ settings }: Context) {
  const { config } = settings;
  const items = profileNames(config).map((name): ListedProfile => {
    const [other] = accountsOf(name, config);
    const host = config.profiles?.[name]?.host ?? other?.host ?? DEFAULT_HOST;
    const account = config.accounts?.[accountName({ profile: name, host })];
    return {
      name,
      host,
      current: name === settings.profile,
      signed_in: account !== undefined,
      user: account?.user ?? null,
      directories: directoriesOf(name, config),
    };
  });
  const shown = columns<ListedProfile>(
    { key: 'name', cell: ({ name, current }) => (current ? `${name} *` : name) },
    { key: 'host', cell: ({ host }) => hostName(host) },
    { key: 'user', title: 'Signed in as', cell: ({ signed_in, user }) => (signed_in ? (user ?? 'unknown') : undefined) },
    ...(items.some(({ directories }) => directories.length > 0) ? (['directories'] as const) : []),
  );
  return rows(items, shown, '');
}

/** The confirmation for deleting a profile. */
export function deleteConsent({ ask, settings }: Context, name: string): Consent {
  if (ask.allowed) requireDeletable(name, settings.config);
  const signedIn = accountsOf(name, settings.config).length > 0;
  return { level: 'moderate', action: `Delete profile ${name}${signedIn ? ' and revoke its token' : ''}` };
}

/** Revokes and removes the tokens of a profile, and its settings. */
export async function deleteProfile(ctx: Context, name: string) {
  const { config, directories, blocked } = ctx.settings;
  if (blocked.storing) throw blocked.storing;
  requireDeletable(name, config);
  for (const place of accountsOf(name, config)) await forgetToken(ctx, place);
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(directories.config, ctx.world, ({ profile, profiles = {}, ...others }) => {
    const { [name]: _, ...kept } = profiles;
    return { ...others, ...(profile !== undefined && profile !== name && { profile }), profiles: kept };
  });
  for (const path of directoriesOf(name, config))
    ctx.progress.warn(`${path} still uses profile ${name}. Run there: dnx auth switch --here --unset`);
  return done(`Deleted profile ${name}`, { profile: name, deleted: true });
}

function requireDeletable(name: string, config: Config): void {
  const names = profileNames(config);
  if (name === DEFAULT_PROFILE)
    throw usage('The default profile cannot be deleted.', undefined, { command: ['logout', '--profile', name], why: 'To sign out' });
  if (!names.includes(name)) throw noProfile(name, names);
}

const accountsOf = (name: string, { accounts }: Config): readonly Identity[] =>
  Object.keys(accounts ?? {})
    .map(accountNamed)
    .filter(({ profile }) => profile === name);

async function forgetToken({ api, progress, tokens }: Context, place: Identity): Promise<void> {
  const stored = tokens.of(place);
  const held = await stored.stored();
  const id = tokenId(held?.token ?? '');
  const which = id === undefined ? 'The token' : `Token ${id}`;
  const error = held && (await revokeItself(api.as(held.token, place.host)));
  if (isStop(error)) throw error;
  if (error) progress.warn(`${which} could not be revoked at ${hostName(place.host)}: ${error.message}`);
  const finish = { command: ['config', 'delete-profile', place.profile], why: 'To delete it' };
  const state = error ? 'was not revoked' : 'was revoked';
  await forgetRevoked(stored, `${which} ${state} and is still stored here. Profile ${place.profile} is kept.`, finish);
}

function noProfile(profile: string, names: readonly string[]): DnxError {
  return new DnxError('not_found', `Profile '${profile}' not found.${didYouMean(profile, names)}`, {
    hint: `Profiles: ${names.join(', ')}`,
    next: [{ command: ['login', '--profile', profile], why: 'To create it' }],
  });
}

/** Makes a profile the default for the next commands. */
export async function switchProfile(ctx: Context, wanted: string | undefined) {
  const { settings, progress } = ctx;
  const profile = await chosenProfile(ctx, wanted);
  await edit(ctx, (now) => ({ ...now, profile }));
  if (settings.profile !== profile && settings.origins.profile === 'directory')
    progress.warn(`${settings.directory} uses profile ${settings.profile}: dnx auth switch ${quoted(profile)} --here`);
  if (settings.profile !== profile && settings.origins.profile === 'link file')
    progress.warn(`${settings.link?.file} selects profile ${settings.profile}, so use --profile in this directory.`);
  return done(`Switched to profile ${profile}`, { profile });
}

/** Makes a profile that of the working directory, and of those below it. */
export async function switchHere(ctx: Context, wanted: string | undefined) {
  const directory = workingDirectory(ctx);
  const profile = await chosenProfile(ctx, wanted);
  await edit(ctx, (now) => ({ ...now, directories: { ...now.directories, [directory]: profile } }));
  return done(`Using profile ${profile} in ${directory} and below`, { profile, directory });
}

/** Takes back what `switchHere` did in the working directory. */
export async function unsetHere(ctx: Context) {
  const { config } = ctx.settings;
  const directory = workingDirectory(ctx);
  const { [directory]: _, ...others } = config.directories ?? {};
  await edit(ctx, ({ directories: { [directory]: _, ...kept } = {}, ...now }) => ({ ...now, directories: kept }));
  const around = directoryIn(others, directory);
  const profile = (around && others[around]) ?? config.profile ?? DEFAULT_PROFILE;
  return done(`No profile of its own in ${directory}; using ${profile}`, { profile, directory });
}

/** The real path of the working directory, without links, as the settings name it. */
function workingDirectory({ world: { cwd } }: Context): string {
  const directory = realPathOf(cwd);
  if (directory === undefined) throw usage(`${cwd} no longer exists.`);
  return directory;
}

async function chosenProfile({ ask, settings: { config } }: Context, wanted: string | undefined): Promise<string> {
  const names = profileNames(config);
  if (wanted === undefined && !ask.allowed) throw usage('No profile given.', `Use one of ${names.join(', ')}.`);
  const profile =
    wanted ??
    (await ask.select(
      'Switch to which profile?',
      names.map((name) => ({ name: name === (config.profile ?? DEFAULT_PROFILE) ? `${name} (current)` : name, value: name })),
    ));
  if (!names.includes(profile)) throw noProfile(profile, names);
  return profile;
}

/** Edits the settings that choose a profile, and says if a variable overrides them. */
async function edit({ settings, progress, ...waiting }: Context, change: (config: Config) => Config): Promise<void> {
  const { editConfig } = await import('../../machine/settings/config-file.ts');
  await editConfig(settings.directories.config, waiting, change);
  if (settings.origins.profile === 'environment') progress.warn('DNX_PROFILE is set and overrides this.');
}
