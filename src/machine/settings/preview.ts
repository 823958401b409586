import { type DnxError, usage } from '../../base/errors.ts';
import { isObject, own } from '../../base/json.ts';
import { DAY, HOUR, parseDuration } from '../../base/time.ts';
import type { SettingsFile } from './config.ts';

/** The `preview` of a link file, with its defaults. */
export interface PreviewSettings {
  /** An environment of the link file, or the domain of a site. Undefined: the default environment. */
  readonly site?: string | undefined;
  /** The servers that may have previews, by name. Naming the one of the base site permits it. */
  readonly servers: readonly string[];
  /** `{branch}.preview.example.com` */
  readonly domain: string;
  readonly ttlMs: number;
  readonly database: 'own' | 'none';
  /** `custom`: one that the command line gives. */
  readonly certificate: 'letsencrypt' | 'custom' | 'none';
  /** An Artisan command that fills a new database: `db:seed`. */
  readonly seed?: string | undefined;
  /** The path that a deployment is verified with. */
  readonly verify?: string | undefined;
  /** The variables of the base site whose values a preview gets. */
  readonly copy: readonly string[];
  /** Variables with a value for previews, which may be an env:// reference. */
  readonly set: Readonly<Record<string, string>>;
}

const LONGEST_TTL_MS = 365 * DAY;
const MOST_SERVERS = 20;
const MOST_VARIABLES = 200;
const LONGEST_DOMAIN = 200;

/** The variables that every preview has of its own: a link file must not make it share a database or a key. */
const isPrivate = (key: string): boolean => /^(?:DNX_PREVIEW|APP_KEY|DB_.*|DATABASE_URL)$/i.test(key);

const isLine = (value: unknown): value is string => typeof value === 'string' && /^[^\p{C}]{1,1000}$/u.test(value) && value.trim() !== '';
const isOneOf = (words: readonly string[]) => (value: unknown) => words.some((word) => word === value);
const isTtl = (value: unknown): boolean => typeof value === 'string' && isTtlMs(parseDuration(value));
/** True for how long a preview may stay, in ms. */
export const isTtlMs = (ms: number | undefined): boolean => ms !== undefined && ms >= HOUR && ms <= LONGEST_TTL_MS;
/** The mark that proves a preview ends the first label, so that `{branch}` is all of it. */
const isPattern = (value: unknown): boolean =>
  typeof value === 'string' &&
  value.length <= LONGEST_DOMAIN &&
  /^\{branch\}(?:\.[a-zA-Z\d](?:[a-zA-Z\d-]{0,61}[a-zA-Z\d])?){2,}$/.test(value);
const isListOf = (value: unknown, most: number, fits: (item: unknown) => boolean): value is readonly string[] =>
  Array.isArray(value) && value.length <= most && value.every(fits) && new Set(value).size === value.length;
const isVariable = (value: unknown): boolean => typeof value === 'string' && /^[A-Z_]\w{0,254}$/i.test(value) && !isPrivate(value);
/** The link file comes from a repository, so it names no file and no vault. */
const isValue = (value: unknown): boolean =>
  typeof value === 'string'
    ? !value.includes('\0') && (!/^(?:env|file|op|dotenv|state):\/\//i.test(value) || /^env:\/\/[A-Za-z_]\w*$/.test(value))
    : ['number', 'bigint', 'boolean'].includes(typeof value);

const variables = 'DNX_PREVIEW, APP_KEY, DATABASE_URL and DB_… are those of each preview';

interface Rule {
  readonly fits: (value: unknown) => boolean;
  readonly must: string;
}

/** What each key of `preview` must be. */
const rules: Readonly<Record<string, Rule>> = {
  site: { fits: isLine, must: 'must be an environment of the file, or the domain of a site' },
  server: {
    fits: (value) => isLine(value) || (isListOf(value, MOST_SERVERS, isLine) && value.length > 0),
    must: 'must be the name of a server, or a list of names',
  },
  domain: { fits: isPattern, must: 'must be a domain whose first label is {branch}, as in {branch}.preview.example.com' },
  ttl: { fits: isTtl, must: 'must be from 1h to 365d, as in 3d' },
  database: { fits: isOneOf(['own', 'none']), must: 'must be own or none' },
  certificate: { fits: isOneOf(['letsencrypt', 'none']), must: 'must be letsencrypt or none' },
  seed: { fits: isLine, must: 'must be an Artisan command, as in db:seed' },
  verify: { fits: (value) => isLine(value) && /^\/(?!\/)\S*$/.test(value), must: 'must be a path, as in /up' },
  copy: { fits: (value) => isListOf(value, MOST_VARIABLES, isVariable), must: `must be a list of variables; ${variables}` },
  set: {
    fits: (value) =>
      isObject(value) &&
      Object.keys(value).length <= MOST_VARIABLES &&
      Object.entries(value).every(([key, item]) => isVariable(key) && isValue(item)),
    must: `must have a text or an env:// reference for each variable; ${variables}`,
  },
};

/** The keys of `preview` in a link file. */
export const previewKeys: readonly string[] = Object.keys(rules);

/** The problem with the `preview` of a link file; undefined if it has none, or no `preview`. */
export function previewProblem(source: SettingsFile): DnxError | undefined {
  if (source.object().preview === undefined) return undefined;
  const preview = source.object('preview');
  const [key, wrong] =
    Object.entries(rules).find(([name, { fits }]) => {
      const value = own(preview, name);
      return value === undefined ? ['server', 'domain'].includes(name) : !fits(value);
    }) ?? [];
  const problem = wrong && usage(`preview.${key} in ${source.file} ${wrong.must}.`, 'Fix it, or remove preview.');
  return source.problem('object', 'preview') ?? problem;
}

/** What the rules leave of `preview`. */
type Preview = Partial<Omit<PreviewSettings, 'servers' | 'ttlMs'>> & {
  readonly server?: string | readonly string[];
  readonly ttl?: string;
};

/** Reads the `preview` of a link file, which it must have. Throws for one with a problem. */
export function previewIn(source: SettingsFile): PreviewSettings {
  const problem = previewProblem(source);
  if (problem) throw problem;
  const { server = [], domain, ttl = '3d', set = {}, ...rest }: Preview = source.object('preview');
  return {
    database: 'own',
    certificate: 'letsencrypt',
    copy: [],
    ...rest,
    servers: [server].flat(),
    domain: String(domain).toLowerCase(),
    ttlMs: parseDuration(ttl) ?? 0,
    set: Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)])),
  };
}
