import { wordOf } from '../../../base/text.ts';
import { timeOf } from '../../../base/time.ts';
import { liveRelease } from '../../deploy/release.ts';
import type { FactLine, Facts, Incident } from '../facts.ts';
import { relevantLines } from '../logs/relevant.ts';
import { AGAIN, byPrefix, type Cause, cause, type FoundCause, GRACE_MS, matchedGroup, SCRIPT, stateLine, THEN_AGAIN } from './cause.ts';
import { packageOf } from './dependencies.ts';

const KEYS = /\b[A-Z][A-Z0-9_]{2,}\b/g;

/** Keys of .env.example that the site has no value for. Empty if its .env cannot be read. */
export function missingKeys({ machine, variables }: Pick<Facts, 'machine' | 'variables'>): readonly string[] {
  const known = machine?.env ? [...machine.env.keys()] : variables?.map(({ key }) => wordOf(key));
  return known && machine ? machine.example.filter((key) => !known.includes(key)) : [];
}

function linesOfMissingKeys(facts: Facts, incident: Incident): readonly FactLine[] {
  const keys = missingKeys(facts);
  if (keys.length === 0) return [];
  return relevantLines(facts, incident).filter(({ text }) => {
    const words = new Set(text.match(KEYS));
    return keys.some((key) => words.has(key)) && /\b(?:missing|required|not (?:set|defined|found)|undefined|null|empty)\b/i.test(text);
  });
}

const keyIn = ({ facts, line, match }: FoundCause): string => {
  const named = new Set(line.text.match(KEYS));
  return missingKeys(facts).find((key) => named.has(key)) ?? (matchedGroup(match) || 'KEY');
};

/** Says that the site has a variable that it lacked: on the server, or from the next deployment on. */
function variableNow({ facts: { machine, variables }, incident: { at } }: FoundCause, wanted: string): string | undefined {
  if (machine?.env?.get(wanted)) return 'the .env on the server has it now';
  const isSet = variables?.some(
    ({ key, value, updated_at }) => key === wanted && value !== '' && (timeOf(updated_at) ?? 0) > (at ?? Number.POSITIVE_INFINITY),
  );
  return isSet ? 'the site has it now' : undefined;
}

/** Variables that the site needs and does not have. */
export const environment: readonly Cause[] = [
  cause('env_missing', 90, 'The variable {key} is not set', {
    patterns: [
      /One or more environment variables failed assertions: (\w+) is (?:missing|empty)/,
      /[Mm]issing (?:required )?environment variable:? ["'[]?([A-Z][A-Z0-9_]+)/,
      /[Ee]nvironment variable ["'[]?([A-Z][A-Z0-9_]+)["'\]]? (?:is )?(?:not set|missing|not defined|required|not found)/,
    ],
    state: linesOfMissingKeys,
    words: (found) => ({ key: keyIn(found) }),
    fixes: ['Set it: dnx env set {key} --from-file - {here}', AGAIN],
    resolved: (found) => variableNow(found, keyIn(found)),
  }),
];

const owner = ({ line }: FoundCause): readonly string[] =>
  /\b(?:storage|bootstrap\/cache)\b/.test(line.text)
    ? [
        'See who owns them: dnx ssh {server}/{site} -- ls -la storage/ storage/logs bootstrap/cache',
        'Take them back: dnx ssh {server}/{site} -- sudo chown -R {user}: storage/ bootstrap/cache',
        THEN_AGAIN,
      ]
    : ['Give the path in this line to the user that deploys, with sudo chown', THEN_AGAIN];

const NEW_KEY = ['Make a key: dnx artisan {here} key:generate --show', 'Store it: dnx env set APP_KEY --from-file - {here}', AGAIN];

/** Files, directories and their permissions. */
export const files: readonly Cause[] = [
  cause('permissions', 90, 'A file or directory is not writable', {
    patterns: [
      /(?:Failed to open stream|failed to open stream): Permission denied/,
      /could not be opened in append mode/,
      /(?:bootstrap\/cache|storage\/\S*) directory must be present and writable/,
      /^(?:mkdir|rm|cp|mv|ln|chmod|chown|touch|tar|rsync|find|unlink|install)\b.*: (?:Permission denied|Operation not permitted)/,
      /\bEACCES\b: permission denied/,
      /^error: (?:unable to (?:unlink old|create file)|could not lock config file|cannot open) .*: Permission denied/,
      /^fatal: (?:could not create|cannot mkdir|Unable to create) .*: Permission denied/,
      /(?:rename|unlink|mkdir|chmod|touch|symlink)\([^)]*\): (?:Permission denied|Operation not permitted)/,
      /^\S+: (?:line )?\d+: .*: Permission denied$/,
    ],
    fixes: owner,
  }),
  cause('storage_unwritable', 72, 'Laravel cannot write to its storage', {
    state: ({ machine }) => machine?.unwritable.map((line) => stateLine('state', line)) ?? [],
    fixes: owner,
    about: 'site',
  }),
  cause('views_path', 88, 'The directory for cached views is missing', {
    patterns: [/Please provide a valid cache path/],
    fixes: [
      'Create it: dnx ssh {server}/{site} -- mkdir -p storage/framework/views storage/framework/cache storage/framework/sessions',
      AGAIN,
    ],
  }),
  cause('vendor_missing', 70, 'The dependencies are not installed: vendor/autoload.php is missing', {
    patterns: [/(?:Failed opening required|failed to open stream)[^\n]*vendor\/autoload\.php|require\([^)]*vendor\/autoload\.php\)/i],
    fixes: ['Run composer install in the deploy script', AGAIN],
  }),
  cause('vite_manifest', 88, 'The built assets are missing', {
    patterns: [
      /Vite manifest not found at: \S+|Unable to locate file in Vite manifest: (\S+)|Mix manifest (?:not found at|does not exist)/,
    ],
    fixes: ['Run npm ci && npm run build in the deploy script', AGAIN],
  }),
  cause('release_missing', 95, 'The live release is missing: current points to nothing', {
    state: ({ machine }) => (machine?.dangling ? [stateLine('state', `current -> ${machine.dangling}`)] : []),
    always: true,
    fixes: ['See the releases: dnx site releases {site} --server {server}', AGAIN],
  }),
  cause('maintenance', 93, 'The site is in maintenance mode', {
    state: ({ machine, answer }, { kind }) =>
      machine?.down && kind === 'site' && answer?.status === 503 ? [stateLine('state', 'storage/framework/down exists')] : [],
    fixes: ['End it: dnx artisan {here} up'],
  }),
  cause('env_key_missing', 92, 'APP_KEY is not set', {
    patterns: [/No application encryption key has been specified/],
    fixes: NEW_KEY,
    resolved: (found) => variableNow(found, 'APP_KEY'),
  }),
  cause('env_key_invalid', 92, 'APP_KEY is not valid', {
    patterns: [/Unsupported cipher or incorrect key length/],
    fixes: NEW_KEY,
  }),
  cause('env_key_changed', 85, 'APP_KEY is not the one that the data was encrypted with', {
    patterns: [/\bDecryptException\b.*\bThe MAC is invalid\./],
    fixes: ['Put the old key back, or add it to APP_PREVIOUS_KEYS: dnx env edit {here}', AGAIN],
  }),
  cause('passport_keys', 85, 'The keys of Passport are missing', {
    patterns: [/Key path "[^"]*oauth-(?:private|public)\.key\\*" does not exist or is not readable/],
    fixes: [
      'Create them: dnx artisan {here} passport:keys',
      'Keep them in shared/storage, or set PASSPORT_PRIVATE_KEY and PASSPORT_PUBLIC_KEY',
    ],
  }),
  cause('env_invalid', 93, 'The .env file is not valid', {
    patterns: [/The environment file is invalid!|Failed to parse dotenv file\./],
    fixes: ['Edit the variables: dnx env edit {here}', AGAIN],
  }),
  cause('env_file_missing', 88, 'The .env file is missing', {
    patterns: [
      /file_get_contents\([^)]*\.env\): Failed to open stream: No such file/i,
      /^(?:cp|ln|cat|source|\.): .*\.env['’]?: No such file or directory/,
    ],
    fixes: ['See the variables: dnx env list {here}', AGAIN],
  }),
];

/** The extensions that define functions and classes which do not begin with its name. */
const EXTENSIONS = 'image=gd bc=bcmath mb_=mbstring Number=intl Intl=intl Zip=zip Soap=soap DOM=xml XML=xml';

/** True if a line is about the code of a release that was replaced long before. */
function isEarlier({ releases }: Facts, name: string, at = 0): boolean {
  const live = liveRelease(releases);
  const [digits = '', liveDigits = ''] = [name, live?.name ?? ''].map((word) => word.replaceAll(/\D/g, ''));
  return digits.length === liveDigits.length && digits < liveDigits && at > (timeOf(live?.created) ?? at) + GRACE_MS;
}

/** Errors of PHP and of the application. */
export const code: readonly Cause[] = [
  cause('php_syntax', 88, 'PHP cannot parse a file', {
    patterns: [/(?:PHP )?Parse error:\s+\S|ParseError(?:\(code: 0\))?: syntax error|^\s*(?:ParseError|syntax error, unexpected .*)$/],
    fixes: ['Fix it and push', AGAIN],
  }),
  cause('php_extension', 80, 'PHP lacks an extension: {match} is not defined', {
    patterns: [
      /Call to undefined function (?:[\w\\]+\\)?((?:image(?!_)|mb_|curl_|bc(?=add|comp|div|mod|mul|pow|scale|sqrt|sub)|intl|simplexml_|gmp_|ctype_|openssl_|sodium_|ldap_|imap_|pcntl_|posix_)\w+)\(\)/,
      /Please make sure the PHP (Redis) extension is installed and enabled/,
      /Class "(Imagick|ZipArchive|SoapClient|Redis|NumberFormatter|IntlDateFormatter|DOMDocument|XMLWriter|Memcached)" not found/,
    ],
    words: ({ match }) => ({
      package: packageOf(byPrefix(EXTENSIONS, matchedGroup(match)) ?? matchedGroup(match).replace(/_.*/, '').toLowerCase()),
    }),
    fixes: ['Install it: dnx ssh {server} -- sudo apt-get install -y php{php}-{package}', AGAIN],
  }),
  cause('code_stale', 89, 'PHP still runs the code of an earlier release', {
    patterns: [/^(?!\s*#\d+ |\s+thrown ).*\b(?:at|in) \/\S*\/releases\/([^/\s]+)\/\S+?(?::\d+| on line \d+)/],
    sources: ['laravel', 'php', 'nginx', 'worker'],
    when: ({ facts, line }, [, release = '']) => isEarlier(facts, release, line.at),
    fixes: ['Reload PHP-FPM: dnx service reload php{php}-fpm --server {server}', 'Restart the workers: dnx artisan {here} queue:restart'],
    about: 'site',
  }),
  cause('class_missing', 75, 'The class {match} does not exist', {
    patterns: [/(?:Class|Trait|Interface) "([\w\\]+)" not found|Target class \[([\w\\]+)\] does not exist/],
    fixes: ['Check upper and lower case in its file name, and that its package is not in require-dev', AGAIN],
  }),
  cause('php_undefined', 72, 'The code calls {match}, which does not exist', {
    patterns: [/Call to undefined (?:method|function) ([\w\\:]+)\(\)|Undefined constant "([^"]+)"/],
    fixes: ['Fix it and push', AGAIN],
  }),
  cause('route_missing', 76, 'The route {match} is not defined', {
    patterns: [/Route \[([^\]]+)\] not defined/],
    fixes: ['Clear the cached routes: dnx artisan {here} route:clear', 'Fix it and push', AGAIN],
  }),
  cause('view_missing', 76, 'The view {match} does not exist', {
    patterns: [/View \[([^\]]+)\] not found/],
    fixes: ['Clear the cached views: dnx artisan {here} view:clear', 'Fix it and push', AGAIN],
  }),
  cause('artisan_command', 87, 'The Artisan command {match} does not exist', {
    patterns: [/(?:Command|There are no commands defined in the) "([\w:-]+)" (?:is not defined|namespace)/],
    fixes: ['See the commands: dnx artisan {here} list', 'Remove it from the deploy script, or install its package without --dev', AGAIN],
  }),
  cause('command_option', 87, 'A command of the deploy script has no option {match}', {
    patterns: [/^\s*The "(--?[\w-]+)" option does not exist\.?$/],
    sources: SCRIPT,
    fixes: ['Remove it from the deploy script, or update the package whose command it is', AGAIN],
  }),
  cause('route_name', 88, 'Two routes have the name {match}', {
    patterns: [/Unable to prepare route \[[^\]]*\] for serialization\. Another route has already been assigned name \[([^\]]+)\]/],
    fixes: ['Give one of them another name, and push', AGAIN],
  }),
  cause('config_closure', 88, 'The configuration contains a closure or an object, and cannot be cached', {
    patterns: [/Your configuration files (?:are not serializable|could not be serialized)/],
    fixes: ['Replace it in config/ by the name of a class or function, and push', AGAIN],
  }),
  cause('php_fatal', 60, 'PHP stopped with a fatal error', {
    patterns: [/(?:PHP )?Fatal error:\s+(?!Uncaught|Allowed memory|Maximum execution|Out of memory)\S.* in \S+ on line \d+/],
    fixes: ['Fix it and push', AGAIN],
  }),
  cause('time_limit', 78, 'PHP reached its time limit', {
    patterns: [/Maximum execution time of \d+ seconds? exceeded/],
    fixes: ['Move the work to a queue, or raise max_execution_time'],
  }),
];

/**
 * An exception that nothing caught, as Laravel's log has it, as PHP prints it, and as Artisan and Collision print it below a heading. What it
 * says and where is one piece of the line.
 */
const UNCAUGHT: readonly RegExp[] = [
  /"exception":"\[object\] \((?<type>[\w\\]+)\(code: [^)]*\): (?<said>.*? at \/\S+:\d+)\)/,
  /"exception":"\[object\] \((?<type>[\w\\]+)\(code: [^)]*\): (?<said>.+)/,
  /"exception":\{"class":"(?<type>[^"]+)","message":"(?<said>(?:[^"\\]|\\.)+)"/,
  /\bUncaught (?<type>[A-Z][\w\\]*): (?<said>.*? in \/\S+?(?::\d+| on line \d+))/,
  /\bUncaught (?<type>[A-Z][\w\\]*): (?<said>.+)/,
];
const PRINTED: readonly RegExp[] = [
  /^In (?<file>\S+\.php) line (?<number>\d+): (?<said>.+)/,
  /^\[?(?<type>(?:\w+\\)*\w+(?:Exception|Error))\]? (?<said>\S.*)/,
];

/** A frame of a stack trace, or the place below a message of Collision. */
const FRAME = /^\s*(?:#\d+ (?<frame>\/(?!\S*\/public\/index\.php)\S+?\.php\(\d+\))|at (?<place>(?!vendor\/)\S+\.php:\d+))/;

const TRACE = 60;

function exceptionWords({ match }: FoundCause) {
  const { type, file, number } = match?.groups ?? {};
  return { exception: type === undefined ? `A command failed in ${file} line ${number}` : `Uncaught ${type.replaceAll('\\\\', '\\')}` };
}

/** What it says and where, and if that is in a package, the first line of the application that led there. */
function exceptionLines({ match, line }: FoundCause, lines: readonly FactLine[]): readonly FactLine[] {
  const said = match?.groups?.said ?? line.text;
  const below = lines.slice(lines.indexOf(line) + 1, lines.indexOf(line) + 1 + TRACE);
  const end = below.findIndex(({ text }) => /"exception":|\bUncaught |^\[previous exception\]/.test(text));
  const frames = / (?:at|in) \/(?!\S*\/vendor\/)\S+$/.test(said) ? [] : below.slice(0, end < 0 ? undefined : end);
  const ownFrame = frames.find(({ text, source }) => source === line.source && FRAME.test(text) && !text.includes('/vendor/'));
  const { frame, place } = FRAME.exec(ownFrame?.text ?? '')?.groups ?? {};
  // Laravel's log has it as JSON.
  return [
    { ...line, text: said.replace(/\\(["\\/])/g, '$1') },
    ...(ownFrame ? [{ ...ownFrame, text: frame ?? place ?? ownFrame.text }] : []),
  ];
}

/** Exceptions of the application that no other cause names. What Laravel logs while a site is deployed is about the live release. */
export const exceptions: readonly Cause[] = [
  cause('exception', 30, '{exception}', {
    patterns: UNCAUGHT,
    fixes: ['See its trace: dnx logs {server}/{site} --source laravel', 'Fix it and push', AGAIN],
    quote: exceptionLines,
    words: exceptionWords,
    about: 'site',
  }),
  cause('command_exception', 29, '{exception}', {
    patterns: [...UNCAUGHT, ...PRINTED],
    sources: SCRIPT,
    fixes: ['Fix it and push', AGAIN],
    quote: exceptionLines,
    words: exceptionWords,
  }),
];
