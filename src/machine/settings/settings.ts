import { join } from 'node:path';
import { type DnxError, isError, usage } from '../../base/errors.ts';
import { unknownWord } from '../../base/nearest.ts';
import { quoted } from '../../base/shell.ts';
import { truthy } from '../env.ts';
import type { Session } from '../lease.ts';
import { type Env, pathOf, type World } from '../world.ts';
import { CONFIG_FILE, configIn, openSettingsFile, type SettingsFile } from './config.ts';
import { dnxDirectories } from './directories.ts';
import { chooseHost, type Origin, openPrecedence, type Precedence } from './host.ts';
import {
  findLink,
  type Link,
  type LinkEnvironment,
  linkOf,
  linkProblem,
  openLink,
  placeProblem,
  unknownKeys,
  withoutLink,
} from './link.ts';

/** The global options on the command line. */
export interface GivenGlobals {
  readonly profile?: string | undefined;
  readonly host?: string | undefined;
  readonly env?: string | undefined;
  readonly caFile?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly debug?: boolean | undefined;
  readonly input?: boolean | undefined;
  readonly signs?: boolean | undefined;
  /** The formats that only this command has. */
  readonly formats?: readonly ReportFormat[] | undefined;
}

/** The settings of a command line. */
export type Settings = ReturnType<typeof readSettings> & {
  /** The session of a lease that this process belongs to. */
  readonly session?: Session;
  /** Values of variables are hidden in responses. */
  readonly hidesValues?: boolean;
};

/** Reads the settings from options, environment and files. */
export function readSettings(world: Pick<World, 'env' | 'cwd' | 'home' | 'platform'>, flags: GivenGlobals) {
  const { env } = world;
  const directories = dnxDirectories(world);
  const config = openSettingsFile(join(directories.config, CONFIG_FILE));
  const linkFile = findLink(world.cwd);
  const link = linkFile === undefined ? undefined : openLink(linkFile, world);
  const precedence = openPrecedence();
  const { profile, host, directory, blocked } = chooseHost({ flags, world, config, link, precedence });
  const { choose, origins } = precedence;
  if (flags.env === '') throw usage('--env is empty.');
  const wanted = choose('environment', { option: flags.env, environment: env.DNX_ENV });
  const linking = link && linkOf(link, wanted);
  choose('environment', { option: flags.env, environment: env.DNX_ENV, 'link file': linking?.chosen?.name });
  const unplaced = linking ? linking.missing : wanted === undefined ? undefined : withoutLink(wanted);
  const parents = parentsOf({ flags, env, config, profile, link, linking, unplaced, choose, origins });
  const attended = flags.input !== false && !truthy(env.DNX_NO_INPUT) && !truthy(env.CI);
  const json = flags.json || flags.output === 'json';
  const output = { option: json ? 'json' : flags.output, environment: env.DNX_OUTPUT, profile: config.text('profiles', profile, 'output') };
  const { format, unusable } = formatIn(precedence, output, flags.formats);
  return {
    profile,
    /** The directory of the settings that chose the profile. */
    directory,
    /** The base URL without `/api/v1`: `https://deploynix.io`. */
    host,
    /** The absolute path of a file with more certificates to trust. Never from the link file. */
    caFile: caFileOf(world, flags),
    /** The value of `--ca-file`, which suggested commands repeat. */
    caOption: flags.caFile,
    ...parents,
    format,
    quiet: flags.quiet ?? false,
    debug: flags.debug ?? truthy(env.DNX_DEBUG),
    /** False if prompts are off: `--no-input`, `--json`, DNX_NO_INPUT or CI. */
    input: attended && !json,
    /** False if no user is present: `--no-input`, DNX_NO_INPUT or CI. */
    attended,
    /** True if the API may only be read: DNX_READ_ONLY, unless the command signs in or out, or a session that only reads. */
    readOnly: truthy(env.DNX_READ_ONLY) && !flags.signs,
    config: configIn(config),
    directories,
    /** Where each setting came from. Settings without a value are missing. */
    origins,
    link: linking,
    /** The environment that --env or DNX_ENV names. */
    environment: wanted,
    blocked: { ...blocked, requests: blocked.requests ?? unusable },
    /** Problems in the files. They stop only commands that need the broken values. */
    problems: [blocked.storing, link && linkProblem(link), unusable].filter((each) => each !== undefined),
    warnings: link ? unknownKeys(link) : [],
    /** Set if no default server or site may be used: the environment that the user named does not exist. */
    unplaced,
  };
}

/** The output format. An unknown one in the profile stops only commands that need the API. */
function formatIn(
  { choose, explain, origins }: Precedence,
  values: Parameters<Precedence['choose']>[1],
  more: readonly ReportFormat[] | undefined,
): { readonly format: Format; readonly unusable?: DnxError } {
  const output = choose('output', { ...values, default: 'table' }) ?? 'table';
  try {
    return { format: explain('output', () => formatOf(output, more), 'table') };
  } catch (error) {
    if (origins.output !== 'profile' || !isError(error)) throw error;
    return { format: 'table', unusable: error };
  }
}

function caFileOf(world: Pick<World, 'env' | 'cwd' | 'home'>, { caFile }: GivenGlobals): string | undefined {
  if (caFile === '') throw usage('--ca-file is empty.');
  const file = caFile ?? world.env.DNX_CA_FILE;
  return file ? pathOf(file, world) : undefined;
}

type Parent = 'server' | 'site';

type LinkedPlaces = Readonly<Partial<Record<Parent, { readonly id: string; readonly label: string }>>>;

interface Sources extends Pick<Precedence, 'choose' | 'origins'> {
  readonly flags: { readonly env?: string | undefined };
  readonly env: Env;
  readonly config: SettingsFile;
  readonly profile: string;
  readonly link: SettingsFile | undefined;
  readonly linking: Link | undefined;
  readonly unplaced: DnxError | undefined;
}

/**
 * The default server and site. `--env` overrides DNX_SERVER and DNX_SITE. A missing environment leaves both out, and one without
 * a site does not get that of the profile.
 */
function parentsOf({ flags, env, config, profile, link, linking, unplaced, choose, origins }: Sources) {
  const chosen = linking?.chosen;
  const keys = chosen && chosen.name !== '' ? ['environments', chosen.name] : [];
  const wrong = (name: Parent) => link && (link.problem('object', ...keys) ?? placeProblem(link, name, keys));
  const parent = (name: Parent) => {
    if (unplaced) return undefined;
    const word = chosen && wordOf(chosen, name);
    const isNamed = flags.env !== undefined;
    return choose(name, {
      environment: isNamed ? undefined : env[`DNX_${name.toUpperCase()}`],
      'link file': word,
      // Ignored if a broken link file, or an environment, may have overridden it.
      profile: wrong(name) || isNamed || chosen?.name ? undefined : config.text('profiles', profile, name),
    });
  };
  const parents = { server: parent('server'), site: parent('site') };
  const brokenFile = (name: Parent) => {
    if (parents[name] !== undefined || unplaced) return undefined;
    return wrong(name) ? link?.file : config.problem('text', 'profiles', profile, name) && config.file;
  };
  return {
    ...parents,
    /** The server and site of the link file by id, if they are in use. */
    linked: chosen ? linkedOf(chosen, origins) : {},
    /** The broken files that may have set the server and the site. */
    broken: { server: brokenFile('server'), site: brokenFile('site') },
  };
}

const wordOf = (environment: LinkEnvironment, name: Parent): string | undefined => environment[name].name ?? environment[name].id;

/** What the link file names by id and is in use. A site needs the id of its server. */
function linkedOf(environment: LinkEnvironment, origins: Precedence['origins']): LinkedPlaces {
  const place = (name: Parent) => {
    const { id, name: label = id } = environment[name];
    return id === undefined || label === undefined || origins[name] !== 'link file' ? undefined : { id, label };
  };
  const [server, site] = [place('server'), place('site')];
  return { ...(server && { server }), ...(server && site && { site }) };
}

/** The output formats of every command. */
export const formats = ['table', 'json', 'ndjson', 'yaml', 'csv', 'tsv', 'text', 'ids'] as const;

/** The formats of other programs, which only commands that declare them have. */
export const reportFormats = ['sarif', 'junit', 'markdown'] as const;

/** A format of other programs. */
export type ReportFormat = (typeof reportFormats)[number];

/** An output format. */
export type Format = (typeof formats)[number] | ReportFormat;

/** True for a format that only some commands have. */
export const isReportFormat = (format: Format): format is ReportFormat => reportFormats.some((known) => known === format);

/** Parses an output format. `more`: the formats that only this command has. The usage error lists all of them. */
export function formatOf(value: string, more: readonly ReportFormat[] = []): Format {
  const all = [...formats, ...more];
  const known = all.find((format) => format === value);
  if (!known) throw unknownWord(value, 'an output format', all);
  return known;
}

/** Why the profile is used, for people. */
export function profileReason({ profile, directory, origins, link }: Settings): string {
  const line = `dnx auth switch ${quoted(profile)}`;
  const reasons: Readonly<Record<Origin, string>> = {
    option: 'because of --profile',
    environment: 'because of DNX_PROFILE',
    directory: `because of ${directory} (${line} --here)`,
    'link file': `because of ${link?.file}`,
    profile: `because of ${line}`,
    default: 'because no other was chosen',
  };
  return `${profile}: ${reasons[origins.profile ?? 'default']}`;
}
