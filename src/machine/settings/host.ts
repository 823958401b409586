import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type DnxError, isError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { realPath } from '../files/text-file.ts';
import type { World } from '../world.ts';
import { configIn, configProblem, DEFAULT_PROFILE, directoriesProblem, profileNames, type SettingsFile } from './config.ts';
import { linkFileFor } from './link.ts';

/** The default host. */
export const DEFAULT_HOST = 'https://deploynix.io';

/** ` (profile work)`, for sentences; empty for the default profile. */
export const profileNote = (profile: string): string => (profile === DEFAULT_PROFILE ? '' : ` (profile ${profile})`);

/** A DNS name or an IPv4 address, or an IPv6 address in brackets. URLs allow more. */
const NAME = /^(\[[\da-f:.]+\]|[a-z\d_][\w-]*(\.[\w-]+)*\.?)$/;

/** Parses a host into a URL without `/api/v1`. Refuses plain http except to loopback, because it would expose the token. */
export function hostOf(value: string): string {
  const text = value.includes(':/') ? value : `https://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || !NAME.test(url.hostname))
    throw usage(`'${value}' is not a host.`, 'Use a URL such as https://deploynix.io.');
  if (url.username || url.password) throw usage('A host cannot contain a username or password.');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw usage(`Refusing to send the token unencrypted to ${url.origin}.`, `Use https://${url.host}.`);
  }
  if (url.search || url.hash) throw usage(`'${value}' is not a host.`, 'Remove the part after ? or #.');
  const path = url.pathname.replaceAll('@', '%40').replace(/\/+$/, '');
  return `${url.origin}${path.replace(/\/api\/v1$/, '')}`;
}

/** The display name of a host: `deploynix.io`. */
export const hostName = (host: string): string => host.replace(/^https?:\/\//, '');

/** True for a loopback name or address. */
export const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);

/** Where the value of a setting comes from, highest precedence first. */
export const originNames = ['option', 'environment', 'directory', 'link file', 'profile', 'default'] as const;
export type Origin = (typeof originNames)[number];

/** Every setting, in the order of lists. */
export const settingNames = ['profile', 'host', 'environment', 'server', 'site', 'output'] as const;
/** One of them. */
export type SettingName = (typeof settingNames)[number];

/** The values of one setting by origin. An empty value is ignored, but an error as an option. */
type Values = Readonly<Partial<Record<Origin, string | undefined>>>;

/** The settings chosen so far. */
export type Precedence = ReturnType<typeof openPrecedence>;

/** Chooses settings, in the order of the origins. A directory has only a profile. */
export function openPrecedence() {
  const origins: Partial<Record<SettingName, Origin>> = {};
  return {
    origins: origins as Readonly<typeof origins>,
    /** Chooses the value with the highest precedence, and records its origin. */
    choose(name: SettingName, values: Values): string | undefined {
      if (values.option === '') throw usage(`--${name} is empty.`);
      const origin = originNames.find((candidate) => values[candidate] !== undefined && values[candidate] !== '');
      if (!origin) return undefined;
      origins[name] = origin;
      return values[origin];
    },
    /** Parses a chosen value. If it is invalid, the hint names its origin, unless that is an option. */
    explain<T>(name: SettingName, read: () => T, reset: string): T {
      try {
        return read();
      } catch (error) {
        const origin = origins[name];
        if (!isError(error) || !origin || origin === 'option') throw error;
        const remedy = origin === 'profile' ? ` Remove it with: dnx config unset ${name} --${name} ${reset}` : '';
        throw error.withHint(`${error.hint ?? ''} It came from the ${origin}.${remedy}`.trim());
      }
    },
  };
}

/** Errors for what is refused. A link file comes with a cloned repository, so it must not choose who gets a token. */
export interface Blocks {
  /** Set if no request may be sent: only a file of the project names the host, or the settings that may name it are broken. */
  readonly requests: DnxError | undefined;
  /** Set if no stored token may be used: only the link file names the profile, or the settings are broken. */
  readonly storedToken: DnxError | undefined;
  /** Set if no token may be stored: the settings are broken. */
  readonly storing: DnxError | undefined;
}

interface HostSources {
  readonly flags: { readonly profile?: string | undefined; readonly host?: string | undefined };
  readonly world: Pick<World, 'env' | 'cwd' | 'home'>;
  readonly config: SettingsFile;
  readonly link: SettingsFile | undefined;
  readonly precedence: Precedence;
}

/** Chooses profile and host. A profile from the link file only sets the default server and site; it never decides where a token goes. */
export function chooseHost({ flags, world, config, link, precedence }: HostSources) {
  const { choose, explain, origins } = precedence;
  const directory = directoryIn(config.object('directories'), world.cwd);
  const values = {
    option: flags.profile,
    environment: world.env.DNX_PROFILE,
    directory: directory && config.text('directories', directory),
    'link file': link?.text('profile'),
    profile: config.text('profile'),
  };
  const profile = choose('profile', { ...values, default: DEFAULT_PROFILE }) ?? DEFAULT_PROFILE;
  const isLinked = origins.profile === 'link file';
  const userProfile = isLinked ? values.profile || DEFAULT_PROFILE : profile;
  const hosts = { option: flags.host, environment: world.env.DNX_HOST, profile: config.text('profiles', userProfile, 'host') };
  const read = () => explain('host', () => hostOf(choose('host', { ...hosts, default: DEFAULT_HOST }) ?? DEFAULT_HOST), DEFAULT_HOST);
  const { host = DEFAULT_HOST, error } = tried(read);
  const isHostTyped = isTyped(origins.host);
  if (error && isHostTyped) throw error;
  const named = isTyped(origins.profile) ? undefined : (config.problem('text', 'profile') ?? directoryProblem(config, directory));
  const unknown = isTyped(origins.profile) || named ? undefined : unknownProfile(config, directory);
  const problem = named ?? config.problem('text', 'profiles', userProfile, 'host');
  const unreadable = named ?? config.problem('object', 'accounts');
  const requests = (): DnxError | undefined =>
    error ??
    unknown ??
    (problem && usage(`The host is unknown because ${config.file} is broken. Nothing was sent.`, `Fix or remove it, or use --host.`)) ??
    (link && foreignHost(link, config, { userProfile, profile, host })) ??
    hostOfProject(world, config, host);
  const storedToken = (): DnxError | undefined => {
    if (unreadable) return usage(`Cannot find a stored token because ${config.file} is broken.`, 'Fix or remove it, or set DNX_TOKEN.');
    if (unknown) return unknown;
    if (!link || profile === userProfile) return undefined;
    return usage(
      `${link.file} names the profile ${profile}, but a link file cannot choose whose token is used. Nothing was sent.`,
      `To use it: --profile ${quoted(profile)} or DNX_PROFILE=${quoted(profile)}. To use ${userProfile}: --profile ${quoted(userProfile)}`,
    );
  };
  const blocked: Blocks = {
    requests: isHostTyped ? undefined : requests(),
    storedToken: storedToken(),
    storing: configProblem(config),
  };
  return { profile, host, directory: origins.profile === 'directory' ? directory : undefined, blocked };
}

/**
 * Which of these directories the working directory is in; the innermost, if several. A path that became a link is not followed, because
 * a repository could have made it one.
 */
export function directoryIn(directories: object, cwd: string): string | undefined {
  const paths = Object.keys(directories);
  const here = paths.length === 0 ? cwd : realPath(cwd);
  return paths.filter((path) => isWithin(here, path)).sort((one, other) => other.length - one.length)[0];
}

const directoryProblem = (config: SettingsFile, directory: string | undefined): DnxError | undefined =>
  directoriesProblem(config) ?? (directory === undefined ? undefined : config.problem('text', 'directories', directory));

/** The error if the profile of the directory is gone: another one would be the wrong account. */
function unknownProfile(config: SettingsFile, directory: string | undefined): DnxError | undefined {
  const profile = directory === undefined ? DEFAULT_PROFILE : (config.text('directories', directory) ?? '');
  if (profileNames(configIn(config)).includes(profile)) return undefined;
  const create = profile ? `To create it: dnx login --profile ${quoted(profile)}\n` : '';
  return usage(
    `Profile '${profile}' of ${directory} does not exist. Nothing was sent.`,
    `${create}To use none of its own, run there: dnx auth switch --here --unset`,
  );
}

const isTyped = (origin: Origin | undefined): boolean => origin === 'option' || origin === 'environment';

function tried(read: () => string): { readonly host?: string; readonly error?: DnxError } {
  try {
    return { host: read() };
  } catch (error) {
    if (!isError(error)) throw error;
    return { error };
  }
}

/** A host normalized for comparison; an invalid one unchanged. */
const hostNamed = (value: string): string => tried(() => hostOf(value)).host ?? value;

/** The error if the link file names a host, directly or by a profile, that the user did not choose. */
function foreignHost(
  link: SettingsFile,
  config: SettingsFile,
  { userProfile, profile, host }: { readonly userProfile: string; readonly profile: string; readonly host: string },
): DnxError | undefined {
  const hostOfProfile = (name: string) => hostNamed(config.text('profiles', name, 'host') || DEFAULT_HOST);
  const direct = link.text('host');
  const wanted = direct ? hostNamed(direct) : hostOfProfile(profile);
  if (wanted === host) return undefined;
  const profiles = [profile, ...Object.keys(config.object('profiles'))];
  const other = profiles.find((name) => name !== userProfile && hostOfProfile(name) === wanted);
  const what = direct ? `the host ${wanted}` : `the profile ${profile} of ${wanted}`;
  const orProfile = other === undefined ? '' : `, or --profile ${quoted(other)}`;
  return usage(
    `${link.file} names ${what}, but a link file cannot choose the host. Nothing was sent.`,
    `To use that host: --host ${quoted(wanted)} or DNX_HOST=${quoted(wanted)}${orProfile}. To use ${host}: --host ${quoted(host)}`,
  );
}

/** The error if DNX_TOKEN would go to a host that only settings in the project name, which may have come with it. */
function hostOfProject(world: HostSources['world'], { file }: SettingsFile, host: string): DnxError | undefined {
  if (!world.env.DNX_TOKEN?.trim() || host === DEFAULT_HOST || !isOfProject(dirname(file), world)) return undefined;
  return usage(
    `DNX_TOKEN is not sent to ${host}, because only ${file} names it, which is inside the project. Nothing was sent.`,
    `To send it there: --host ${quoted(host)} or DNX_HOST=${quoted(host)}`,
  );
}

/** True for a directory in the project around the working directory. The user's home directory and the whole disk are no project. */
function isOfProject(directory: string, world: Pick<World, 'cwd' | 'home'>): boolean {
  const project = realPath(dirname(linkFileFor(world.cwd)));
  const real = realPath(resolve(world.cwd, directory));
  if (project === dirname(project) || !isWithin(real, project)) return false;
  const home = isAbsolute(world.home) && realPath(world.home);
  return !(home && isWithin(real, home) && isWithin(home, project));
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/.test(way);
}
