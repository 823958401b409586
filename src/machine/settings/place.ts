import { type DnxError, isError, usage } from '../../base/errors.ts';
import type { Env } from '../world.ts';
import { configProblem } from './config.ts';
import { DEFAULT_HOST, hostOf } from './host.ts';
import type { Origin, Precedence } from './precedence.ts';
import type { Source } from './sources.ts';

/** The profile where nothing names another. */
export const DEFAULT_PROFILE = 'default';

/** What must not be done, and why. A link file comes with whatever repository was cloned, so it cannot choose who gets a token. */
export interface Blocked {
  /** Nothing may be sent: the link file alone names the host, or the settings that would name it cannot be used. */
  readonly requests: DnxError | undefined;
  /** No stored token may be used: the link file alone names the profile, or the settings cannot be used. */
  readonly storedToken: DnxError | undefined;
  /** No token may be stored, because the settings cannot be edited. */
  readonly storing: DnxError | undefined;
}

/** Whom requests go to, and as whom. */
export interface Place {
  readonly profile: string;
  /** Never what the link file alone names. */
  readonly host: string;
  readonly blocked: Blocked;
}

interface Sources {
  readonly given: { readonly profile?: string | undefined; readonly host?: string | undefined };
  readonly env: Env;
  readonly config: Source;
  readonly link: Source | undefined;
  readonly precedence: Precedence;
}

/** The profile and the host. The link file's profile gives defaults for server and site; it and the link file's host never decide where a token goes. */
export function placeOf({ given, env, config, link, precedence }: Sources): Place {
  const { choose, explain, origins } = precedence;
  const values = {
    option: given.profile,
    environment: env.DNX_PROFILE,
    'link file': link?.text('profile'),
    profile: config.text('profile'),
  };
  const profile = choose('profile', { ...values, default: DEFAULT_PROFILE }) ?? DEFAULT_PROFILE;
  const own = origins.profile === 'link file' ? values.profile || DEFAULT_PROFILE : profile;
  const hostValues = { option: given.host, environment: env.DNX_HOST, profile: config.text('profiles', own, 'host') };
  const read = () => explain('host', () => hostOf(choose('host', { ...hostValues, default: DEFAULT_HOST }) ?? DEFAULT_HOST), DEFAULT_HOST);
  const { host = DEFAULT_HOST, error } = tried(read);
  const typed = isTyped(origins.host);
  if (error && typed) throw error;
  const named = isTyped(origins.profile) ? undefined : config.problem('text', 'profile');
  const problem = error ?? withoutHost(named ?? config.problem('text', 'profiles', own, 'host'), config.file);
  const lost = named ?? config.problem('object', 'accounts');
  return {
    profile,
    host,
    blocked: {
      requests: typed ? undefined : (problem ?? (link && foreignHost({ link, config, own, profile, host }))),
      storedToken: lost ? withoutTokens(config.file) : link && profile !== own ? foreignProfile(link.file, own, profile) : undefined,
      storing: configProblem(config, profile),
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
  readonly link: Source;
  readonly config: Source;
  /** The profile that the user chose. */
  readonly own: string;
  /** The one that is in effect: the link file's, perhaps. */
  readonly profile: string;
  readonly host: string;
}

/** The refusal of a host that the link file names, itself or by a profile, and that the user has not chosen. */
function foreignHost({ link, config, own, profile, host }: Naming): DnxError | undefined {
  const ofProfile = (name: string) => hostNamed(config.text('profiles', name, 'host') || DEFAULT_HOST);
  const direct = link.text('host');
  const wanted = direct ? hostNamed(direct) : ofProfile(profile);
  if (wanted === host) return undefined;
  const [of] = [profile, ...Object.keys(config.object('profiles'))].filter((name) => name !== own && ofProfile(name) === wanted);
  const what = direct ? `the host ${wanted}` : `the profile ${profile} of ${wanted}`;
  const other = of === undefined ? '' : `, or --profile ${of}`;
  return usage(
    `${link.file} names ${what}, but a link file cannot choose the host. Nothing was sent.`,
    `To use that host: --host ${wanted} or DNX_HOST=${wanted}${other}. To use ${host}: --host ${host}`,
  );
}

const foreignProfile = (file: string, own: string, profile: string): DnxError =>
  usage(
    `${file} names the profile ${profile}, but a link file cannot choose whose token is used. Nothing was sent.`,
    `To use it: --profile ${profile} or DNX_PROFILE=${profile}. To use ${own}: --profile ${own}`,
  );

/** A host as it is compared; one that cannot be used is like no other. */
const hostNamed = (value: string): string => tried(() => hostOf(value)).host ?? value;

const withoutHost = (problem: DnxError | undefined, file: string): DnxError | undefined =>
  problem && usage(`The host is not known, because ${file} cannot be used. Nothing was sent.`, `Fix or remove it, or pass --host.`);

const withoutTokens = (file: string): DnxError =>
  usage(`No stored token can be found, because ${file} cannot be used.`, 'Fix or remove it, or set DNX_TOKEN.');
