import { wordOf } from '../../../base/text.ts';
import { allows } from '../../changes/php.ts';
import type { FactLine, Facts, Incident } from '../facts.ts';
import { AGAIN, type Cause, cause, causesWith, type FoundCause, matchedGroup, RETRY, SCRIPT, stateLine } from './cause.ts';

/** The versions that a site can run. Assumed from 8.5 on. */
const VERSIONS = ['8.0', '8.1', '8.2', '8.3', '8.4', '8.5'];

const PLATFORM = [
  /\brequires? php (.+?) (?:->|but) your php version \((\d[^;)]*)/i,
  /Composer dependencies require a PHP version "(.+?)"\. You are running (\d[\d.]*)/,
];

/** The version that satisfies every requirement: the oldest that is newer than the one in use, if there is one. */
function wantedPhp({ all, match }: FoundCause): { readonly running: string; readonly wanted: string | undefined } {
  const constraints = all.map(([, constraint = '']) => constraint.replaceAll(/\s*(>=|<=|>|<|=)\s*/g, ' $1').trim());
  const running = /^\d+\.\d+/.exec(match?.[2] ?? '')?.[0] ?? '';
  const fitting = VERSIONS.filter((version) => constraints.every((constraint) => allows(constraint, version) === true));
  const place = VERSIONS.indexOf(running);
  return { running, wanted: fitting.find((version) => VERSIONS.indexOf(version) > place) ?? fitting.at(-1) };
}

function phpWords(found: FoundCause) {
  const { running, wanted = '' } = wantedPhp(found);
  const older = wanted !== '' && VERSIONS.indexOf(wanted) < VERSIONS.indexOf(running);
  return { running, wanted, age: older ? 'new' : 'old' };
}

function phpFixes(found: FoundCause): readonly string[] {
  if (found.line.text.includes('overridden via config.platform'))
    return ['Raise config.platform.php in composer.json, run composer update, and push', AGAIN];
  return wantedPhp(found).wanted === undefined
    ? ['No PHP version satisfies all packages; run composer update and push composer.lock', AGAIN]
    : ['Run the site on PHP {wanted}: dnx site update {site} --php-version {wanted} --server {server}', AGAIN];
}

function phpResolved(found: FoundCause): string | undefined {
  const { running, wanted } = wantedPhp(found);
  const now = wordOf(found.facts.site.php_version);
  return wanted !== undefined && now !== running && now === wanted ? `the site runs PHP ${now} now` : undefined;
}

function requiredPhp({ machine }: Facts): string | undefined {
  try {
    const file: unknown = JSON.parse(machine?.composer ?? '');
    const { require = undefined } = (file ?? {}) as { readonly require?: unknown };
    const { php = undefined } = (require ?? {}) as { readonly php?: unknown };
    return typeof php === 'string' ? php : undefined;
  } catch {
    return undefined;
  }
}

function unsatisfied(facts: Facts, { kind }: Incident): readonly FactLine[] {
  const required = requiredPhp(facts);
  const allowed = required === undefined ? undefined : allows(required, wordOf(facts.site.php_version));
  return kind === 'deployment' && allowed === false ? [stateLine('state', `composer.json: "php": "${required}"`)] : [];
}

function constraintFixes({ facts }: FoundCause): readonly string[] {
  const wanted = VERSIONS.find((version) => allows(requiredPhp(facts) ?? '', version) === true);
  return wanted === undefined
    ? ['Change the requirement in composer.json']
    : [`Run the site on PHP ${wanted}: dnx site update {site} --php-version ${wanted} --server {server}`, AGAIN];
}

const UPDATE = ['Run composer update {match} in your project, and push composer.lock', AGAIN];

/** The packages of Debian and Ubuntu for extensions that have no package of their own. */
const PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    cli: ['pcntl', 'readline'],
    common: ['calendar', 'ctype', 'exif', 'ffi', 'fileinfo', 'ftp', 'gettext', 'iconv', 'phar', 'posix', 'shmop', 'sockets', 'tokenizer'],
    mysql: ['mysqli', 'mysqlnd', 'pdo_mysql'],
    pgsql: ['pdo_pgsql'],
    sqlite3: ['pdo_sqlite'],
    xml: ['dom', 'simplexml', 'xmlreader', 'xmlwriter', 'xsl'],
  }).flatMap(([name, extensions]) => extensions.map((extension) => [extension, name] as const)),
);

/** The package of an extension, after the version of PHP. */
export const packageOf = (extension: string): string => PACKAGES.get(extension) ?? extension;

/** Failures of Composer 2. */
export const composer: readonly Cause[] = [
  ...causesWith({ lasting: true }, [
    cause('composer_platform', 95, 'PHP {running} is too {age}', {
      patterns: PLATFORM,
      words: phpWords,
      fixes: phpFixes,
      resolved: phpResolved,
    }),
    cause('composer_extension', 94, 'The PHP extension {match} is missing', {
      patterns: [/requires (?:PHP extension )?ext-([\w-]+) .*(?:missing from your system|has the wrong version)/],
      words: ({ match }) => ({ package: packageOf(matchedGroup(match)) }),
      fixes: ['Install it: dnx ssh {server} -- sudo apt-get install -y php{php}-{package}', AGAIN],
    }),
    cause('composer_old', 94, 'Composer on the server is too old', {
      patterns: [/requires composer-(?:runtime|plugin)-api \S+ -> found composer-/],
      fixes: ['Update it: dnx ssh {server} -- sudo composer self-update', AGAIN],
    }),
    cause('composer_lock', 90, 'composer.lock does not match composer.json', {
      patterns: [
        /Required package "([^"]+)" is (?:not present in|in) the lock file|Your lock file does not contain a compatible set of packages/,
      ],
      fixes: UPDATE,
    }),
    cause('composer_auth', 90, '{refusal}', {
      patterns: [
        /GitHub API limit \(\d+ calls\/hr\) is exhausted|GitHub API token requires SSO authorization|URL could not be accessed \(HTTP 403\)/,
        /"https?:\/\/(?:api|codeload)\.github\.com\/[^"]+" file could not be downloaded \(HTTP\/[\d.]+ 404\b/,
        /Could not fetch https?:\S+, (?:please|enter) .*(?:token|credentials)/,
        /Invalid credentials (?:\(HTTP 40[13]\) )?for 'https?:|URL required authentication \(HTTP 40[134]\)|Could not authenticate against [\w.-]+/,
        /The "https?:\/\/[^"]+" file could not be downloaded \(HTTP\/[\d.]+ 40[123]\b/,
        /(?:Your|The) (?:GitHub|GitLab|Bitbucket) (?:OAuth )?(?:token|credentials).*(?:invalid|not work)/i,
      ],
      words: ({ line }) => ({
        refusal: /authenticate against github\.com|is exhausted/.test(line.text)
          ? 'GitHub refuses Composer: its token is missing or invalid, or a limit is reached'
          : `Composer may not read a ${/\b404\b/.test(line.text) ? 'package, which is private or gone' : 'private package'}`,
      }),
      fixes: ['Store the credentials: dnx env set COMPOSER_AUTH --from-file - {here}', AGAIN],
    }),
    cause('composer_memory', 92, 'Composer ran out of memory', {
      patterns: [
        /Allowed memory size of \d+ bytes exhausted .*(?:phar:\/\/\S*composer|\/composer\.phar)/,
        /^The following exception .*mmap\(\) failed: \[12\] Cannot allocate memory/,
      ],
      fixes: [
        'Commit composer.lock, so that the server only installs',
        'Lift the limit: dnx env set COMPOSER_MEMORY_LIMIT=-1 {here}',
        AGAIN,
      ],
    }),
    cause('composer_json', 92, 'composer.{kind} is not valid', {
      patterns: [/"[^\s"]*composer\.(?:json|lock)" does not contain valid JSON|Composer could not find a composer\.json file in/],
      words: ({ line }) => ({ kind: /composer\.lock/.test(line.text) ? 'lock' : 'json' }),
      fixes: ['Run composer validate in your project, and push', AGAIN],
    }),
    cause('composer_missing_package', 88, 'Composer cannot find the package {match}', {
      patterns: [/requires ([\w.-]+\/[\w.-]+)\b.*, it could not be found in any version/],
      fixes: ['Check its name, and add its repository to composer.json if it is private', AGAIN],
    }),
    cause('composer_plugin', 90, 'composer.json does not allow the plugin {match}', {
      patterns: [
        /([\w.-]+\/[\w.-]+) (?:\S+ )?contains a Composer plugin which is (?:blocked by|currently not in) your allow-plugins config/,
      ],
      fixes: ['Run composer config allow-plugins.{match} true in your project, and push composer.json', AGAIN],
    }),
    cause('composer_conflict', 60, 'Composer cannot resolve the packages', {
      patterns: [/Your requirements could not be resolved to an installable set of packages/],
      fixes: UPDATE,
    }),
  ]),
  cause('composer_network', 85, 'Composer could not download a package', {
    patterns: [
      /^(?!.*loaded from the local cache).*curl error \d+ while downloading https?:\S+/i,
      /The "https?:\/\/[^"]+" file could not be downloaded(?: \(HTTP\/[\d.]+ 5\d\d|: (?!.*\bHTTP\/[\d.]+ 4\d\d))/,
      /Failed to download [\w./-]+ from source:/,
    ],
    fixes: [RETRY, 'Check the network of the server: dnx ssh {server}/{site} -- composer diagnose'],
  }),
  cause('composer_script', 40, 'A script of Composer failed: {match}', {
    patterns: [/^Script (.+?) handling the [\w-]+ event returned with error code \d+/],
    fixes: ['Run composer install --no-dev in your project', AGAIN],
  }),
  cause('php_constraint', 58, 'PHP {php} does not satisfy composer.json', {
    state: unsatisfied,
    fixes: constraintFixes,
  }),
];

const LOCK = ['Install the packages in your project again, and push the lock file', AGAIN];

/** Failures of npm, Node and Vite. npm 10 says `npm error`, older ones `npm ERR!`. */
export const npm: readonly Cause[] = [
  cause('npm_memory', 93, 'The build of the assets ran out of memory', {
    patterns: [/JavaScript heap out of memory|^npm (?:error|ERR!) signal SIGKILL|exited too early.*(?:out of memory|kill -9)/],
    fixes: [
      'See the memory: dnx ssh {server} -- free -h',
      'Build in CI and deploy the result, use a larger server, or set NODE_OPTIONS=--max-old-space-size in the deploy script',
      AGAIN,
    ],
  }),
  cause('npm_lock', 90, 'The lock file does not match package.json', {
    patterns: [
      /`npm ci` (?:can only install packages when your package\.json and|command can only install with an existing) package-lock\.json/,
      /ERR_PNPM_OUTDATED_LOCKFILE|^error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`/,
      /YN0028: .*The lockfile would have been modified by this install, which is explicitly forbidden/,
    ],
    fixes: LOCK,
  }),
  cause('npm_conflict', 88, 'npm cannot resolve the packages', {
    patterns: [/^npm (?:error|ERR!) (?:code ERESOLVE|ERESOLVE (?:unable to|could not) resolve)/],
    fixes: LOCK,
  }),
  cause('node_version', 90, 'Node is too old', {
    patterns: [
      /^npm (?:error|ERR!) (?:code EBADENGINE|(?:engine )?Unsupported engine)/,
      /You are using Node\.js [\d.]+\. Vite requires Node\.js version|TypeError: crypto\.hash is not a function/,
    ],
    fixes: ['See the version: dnx ssh {server} -- node --version', 'Install a newer Node on the server'],
  }),
  cause('npm_package_json', 91, 'package.json is not valid', {
    patterns: [/^npm (?:error|ERR!) code EJSONPARSE/, /^(?:error|ERR_PNPM_JSON_PARSE).*package\.json.*(?:JSON|Unexpected)/i],
    fixes: ['Fix package.json, and push', AGAIN],
  }),
  cause('npm_script', 90, 'package.json has no script {match}', {
    patterns: [/^npm (?:error|ERR!) Missing script: "?([^"\s]+)"?/],
    fixes: ['Add it to package.json, or remove it from the deploy script', AGAIN],
  }),
  cause('npm_missing_package', 88, 'npm cannot find the package {match}', {
    patterns: [
      /^npm (?:error|ERR!) (?:notarget No matching version found for (\S+?)\.?$|404\s+'([^']+)' is not in)/,
      /^npm (?:error|ERR!) 404 Not Found - GET \S+\/(@?[^/\s]+(?:%2f[^/\s]+)?)(?: |$)/,
    ],
    fixes: LOCK,
  }),
  cause('npm_auth', 89, 'npm may not read a private package', {
    patterns: [/^npm (?:error|ERR!) (?:code (?:E40[13]|ENEEDAUTH)|git@\S+: Permission denied \(|fatal: could not read Username)/],
    fixes: ['Let the server read it: with a token in .npmrc, or a key if the package is a Git repository', AGAIN],
  }),
  cause('npm_leftover', 88, 'npm cannot replace what an earlier run left in node_modules', {
    patterns: [/^npm (?:error|ERR!) (?:code ENOTEMPTY|ENOTEMPTY: directory not empty, rename)/],
    fixes: ['Use npm ci in the deploy script, or remove node_modules before npm install', AGAIN],
  }),
  cause('npm_network', 85, 'npm could not reach its registry', {
    patterns: [/^npm (?:error|ERR!) (?:code (?:ETIMEDOUT|ECONNRESET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED)|network )/],
    fixes: [RETRY, 'Check that npm reaches its registry: dnx ssh {server}/{site} -- npm ping'],
  }),
];

/** Lines of Vite 7 and 8 before the reason why a build failed. */
const BUILD_FAILED = /^(?:(?:\[31m)?x|✗) Build failed in|^error during build:|^Build failed with \d+ errors?:|^Error:$/;

/** The reason below such a line, and where in the assets it is. */
function buildLines({ line }: FoundCause, lines: readonly FactLine[]): readonly FactLine[] {
  if (!BUILD_FAILED.test(line.text)) return [line];
  const below = lines.slice(lines.indexOf(line) + 1).filter(({ source }) => source === line.source);
  const end = below.findIndex(({ text }) => /^\s+at \S/.test(text));
  const [said = line, ...more] = below.slice(0, end < 0 ? undefined : end).filter(({ text }) => !BUILD_FAILED.test(text));
  const place = more.find(({ text }) => /^file: \S|^\s*╭─\[/.test(text));
  // Vite 8 names the file first if a plugin failed.
  const [second = place] = said.text.startsWith('[plugin ') ? more : [];
  return second ? [said, second] : [said];
}

const scriptError = ({ line }: FoundCause, lines: readonly FactLine[]): readonly FactLine[] => [
  lines.slice(0, lines.indexOf(line)).findLast(({ text }) => /^(?:Uncaught )?\w*Error\b.*: ./.test(text)) ?? line,
];

/** Failures of a build of the assets. */
export const assets: readonly Cause[] = causesWith({ sources: SCRIPT }, [
  cause('npm_platform', 91, 'node_modules lacks a program for the platform of the server', {
    patterns: [
      /npm has a bug related to optional dependencies|You installed \w+ for another platform than the one you're currently using/,
      /Cannot find module '(?:@rollup\/rollup-|@esbuild\/|@tailwindcss\/oxide-|(?:\.\.\/)?lightningcss[.-])/,
    ],
    fixes: ['Delete node_modules and the lock file in your project, install again, and push the lock file, but not node_modules', AGAIN],
  }),
  cause('node_openssl', 90, 'The build uses a hash that this Node does not have', {
    patterns: [/error:0308010C:digital envelope routines::unsupported/],
    fixes: ['Update webpack or Laravel Mix, or set NODE_OPTIONS=--openssl-legacy-provider in the deploy script', AGAIN],
  }),
  cause('corepack_key', 90, 'Corepack is too old to check its package manager', {
    patterns: [/^Error: Cannot find matching keyid: /],
    fixes: ['Update it: dnx ssh {server} -- sudo npm install -g corepack@latest', AGAIN],
  }),
  cause('vite_import', 88, 'The assets import {match}, which cannot be found', {
    patterns: [
      /(?:Rollup failed to resolve import|\[UNRESOLVED_IMPORT\] Could not resolve|Can't resolve|Cannot find package) ["']([^"']+)["']/,
      /Could not resolve "([^"]+)" from "[^"]+"|Cannot find module '([^'./][^']*)'|Could not load (\S+) .*ENOENT/,
      /\[ERR_MODULE_NOT_FOUND\]: Cannot find module '([^']+)'/,
    ],
    fixes: ['Add the package to package.json, and check upper and lower case in the path', AGAIN],
  }),
  cause('assets_types', 86, 'TypeScript found errors in the assets', {
    patterns: [/^(?:\S+\.(?:[cm]?tsx?|vue|svelte)(?:\(\d+,\d+\): |:\d+:\d+ - ))?error TS\d+: /],
    fixes: ['Run npm run build in your project', AGAIN],
  }),
  cause('js_syntax', 80, 'Node cannot parse a file', {
    patterns: [/^SyntaxError: (?:Unexpected|Invalid|[Mm]issing|Identifier|Cannot use import|The requested module)/],
    fixes: ['Fix the file that the lines above it name, and push', AGAIN],
  }),
  cause('node_exception', 29, 'A script of Node stopped with an error', {
    patterns: [/^Node\.js v\d+\.\d+\.\d+$/],
    fixes: ['Run the build in your project', AGAIN],
    quote: scriptError,
  }),
  cause('assets_failed', 45, 'The build of the assets failed', {
    patterns: [
      /^error during build:|^(?:(?:\[31m)?x|✗) Build failed in|ELIFECYCLE|^npm (?:error|ERR!) Lifecycle script `[\w:-]+` failed with error/,
    ],
    fixes: ['Run npm run build in your project', AGAIN],
    quote: buildLines,
  }),
]);
