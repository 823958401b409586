import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { type DnxError, isError, usage } from '../../base/errors.ts';
import { quoted } from '../../base/shell.ts';
import { realPath } from '../files/text-file.ts';
import type { World } from '../world.ts';
import { configProblem } from './config.ts';
import { DEFAULT_HOST, DEFAULT_PROFILE, hostOf } from './host.ts';
import { linkFileFor } from './link-file.ts';
import type { Origin, Precedence } from './precedence.ts';
import type { SettingsFile } from './sources.ts';

/** Errors for what is refused. A link file comes with a cloned repository, so it must not choose who gets a token. */
export interface Blocked {
  /** Set if no request may be sent: only a file of the project names the host, or the settings that may name it are broken. */
  readonly requests: DnxError | undefined;
  /** Set if no stored token may be used: only the link file names the profile, or the settings are broken. */
  readonly storedToken: DnxError | undefined;
  /** Set if no token may be stored: the settings are broken. */
  readonly storing: DnxError | undefined;
}

/** The profile and the host of requests. */
interface Place {
  readonly profile: string;
  /** Never a host that only the link file names. */
  readonly host: string;
  readonly blocked: Blocked;
}

interface Sources {
  readonly given: { readonly profile?: string | undefined; readonly host?: string | undefined };
  readonly world: Pick<World, 'env' | 'cwd' | 'home'>;
  readonly config: SettingsFile;
  readonly link: SettingsFile | undefined;
  readonly precedence: Precedence;
}

/** Chooses profile and host. A profile from the link file only sets the default server and site; it never decides where a token goes. */
export function chooseHost({ given, world, config, link, precedence }: Sources): Place {
  const { choose, explain, origins } = precedence;
  const values = {
    option: given.profile,
    environment: world.env.DNX_PROFILE,
    'link file': link?.text('profile'),
    profile: config.text('profile'),
  };
  const profile = choose('profile', { ...values, default: DEFAULT_PROFILE }) ?? DEFAULT_PROFILE;
  const own = origins.profile === 'link file' ? values.profile || DEFAULT_PROFILE : profile;
  const hostValues = { option: given.host, environment: world.env.DNX_HOST, profile: config.text('profiles', own, 'host') };
  const read = () => explain('host', () => hostOf(choose('host', { ...hostValues, default: DEFAULT_HOST }) ?? DEFAULT_HOST), DEFAULT_HOST);
  const { host = DEFAULT_HOST, error } = tried(read);
  const typed = isTyped(origins.host);
  if (error && typed) throw error;
  const named = isTyped(origins.profile) ? undefined : config.problem('text', 'profile');
  const problem = error ?? withoutHost(named ?? config.problem('text', 'profiles', own, 'host'), config.file);
  const unreadable = named ?? config.problem('object', 'accounts');
  return {
    profile,
    host,
    blocked: {
      requests: typed
        ? undefined
        : (problem ?? (link && foreignHost({ link, config, own, profile, host })) ?? hostOfProject(world, config, host)),
      storedToken: unreadable ? withoutTokens(config.file) : link && profile !== own ? foreignProfile(link.file, own, profile) : undefined,
      storing: configProblem(config),
    },
  };
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

interface Naming {
  readonly link: SettingsFile;
  readonly config: SettingsFile;
  /** The profile that the user chose. */
  readonly own: string;
  /** The one in effect, possibly from the link file. */
  readonly profile: string;
  readonly host: string;
}

/** The error if the link file names a host, directly or by a profile, that the user did not choose. */
function foreignHost({ link, config, own, profile, host }: Naming): DnxError | undefined {
  const ofProfile = (name: string) => hostNamed(config.text('profiles', name, 'host') || DEFAULT_HOST);
  const direct = link.text('host');
  const wanted = direct ? hostNamed(direct) : ofProfile(profile);
  if (wanted === host) return undefined;
  const [of] = [profile, ...Object.keys(config.object('profiles'))].filter((name) => name !== own && ofProfile(name) === wanted);
  const what = direct ? `the host ${wanted}` : `the profile ${profile} of ${wanted}`;
  const other = of === undefined ? '' : `, or --profile ${quoted(of)}`;
  return usage(
    `${link.file} names ${what}, but a link file cannot choose the host. Nothing was sent.`,
    `To use that host: --host ${quoted(wanted)} or DNX_HOST=${quoted(wanted)}${other}. To use ${host}: --host ${quoted(host)}`,
  );
}

/** The error if DNX_TOKEN would go to a host that only settings in the project name, which may have come with it. */
function hostOfProject(world: Sources['world'], { file }: SettingsFile, host: string): DnxError | undefined {
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

const foreignProfile = (file: string, own: string, profile: string): DnxError =>
  usage(
    `${file} names the profile ${profile}, but a link file cannot choose whose token is used. Nothing was sent.`,
    `To use it: --profile ${quoted(profile)} or DNX_PROFILE=${quoted(profile)}. To use ${own}: --profile ${quoted(own)}`,
  );

/** A host normalized for comparison; an invalid one unchanged. */
const hostNamed = (value: string): string => tried(() => hostOf(value)).host ?? value;

const withoutHost = (problem: DnxError | undefined, file: string): DnxError | undefined =>
  problem && usage(`The host is unknown because ${file} is broken. Nothing was sent.`, `Fix or remove it, or use --host.`);

const withoutTokens = (file: string): DnxError =>
  usage(`Cannot find a stored token because ${file} is broken.`, 'Fix or remove it, or set DNX_TOKEN.');
