import { wordOf } from '../../../base/text.ts';
import { allows } from '../../changes/constraint.ts';
import { deployFix, type FixOf, ofSite, siteFix, sshServer, sshSite, step } from '../fixes.ts';
import { type Cause, type FoundCause, matchedGroup, shown, stateLine } from './cause.ts';

/** The versions that a site can run. Assumed from 8.5 on. */
const VERSIONS = ['8.0', '8.1', '8.2', '8.3', '8.4', '8.5'];

const PLATFORM = [
  /\brequires? php (.+?) (?:->|but) your php version \((\d[^;)]*)/i,
  /Composer dependencies require a PHP version "(.+?)"\. You are running (\d[\d.]*)/,
];

/** The version that satisfies every requirement: the oldest that is newer than the one in use, if there is one. */
function wantedPhp({ all, match }: Pick<FoundCause, 'all' | 'match'>): { readonly running: string; readonly wanted: string | undefined } {
  const constraints = all.map(([, constraint = '']) => constraint.replaceAll(/\s*(>=|<=|>|<|=)\s*/g, ' $1').trim());
  const running = /^\d+\.\d+/.exec(match?.[2] ?? '')?.[0] ?? '';
  const fitting = VERSIONS.filter((version) => constraints.every((each) => allows(each, version) === true));
  const place = VERSIONS.indexOf(running);
  return { running, wanted: fitting.find((each) => VERSIONS.indexOf(each) > place) ?? fitting.at(-1) };
}

function phpTitle(found: FoundCause): string {
  const { running, wanted } = wantedPhp(found);
  const older = wanted !== undefined && VERSIONS.indexOf(wanted) < VERSIONS.indexOf(running);
  return `PHP ${running} is too ${older ? 'new' : 'old'}`;
}

function phpFixes(found: FoundCause): readonly FixOf[] {
  const { wanted } = wantedPhp(found);
  if (found.line.text.includes('overridden via config.platform'))
    return [step('Raise config.platform.php in composer.json, run composer update, and push'), deployFix()];
  if (wanted === undefined) return [step('No PHP version satisfies all packages; run composer update and push composer.lock'), deployFix()];
  return [siteFix('update', `Run the site on PHP ${wanted}`, '--php-version', wanted), deployFix()];
}

/** The site has another PHP by now. */
function phpResolved(found: FoundCause): string | undefined {
  const { running, wanted } = wantedPhp(found);
  const now = wordOf(found.facts.site.php_version);
  return wanted !== undefined && now !== running && now === wanted ? `the site runs PHP ${now} now` : undefined;
}

const lock = (found: FoundCause): readonly FixOf[] => [
  step(`Run ${['composer update', matchedGroup(found, '')].join(' ').trim()} in your project, and push composer.lock`),
  deployFix(),
];

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

/** Failures of Composer 2. */
export const composer: readonly Cause[] = [
  shown('composer_platform', phpTitle, 95, PLATFORM, phpFixes, { lasting: true, resolved: phpResolved }),
  shown(
    'composer_extension',
    (found) => `The PHP extension ${matchedGroup(found, '')} is missing`,
    94,
    [
      /requires PHP extension ext-([\w-]+) .*(?:missing from your system|has the wrong version)/,
      /requires ext-([\w-]+) .*-> it (?:is missing from your system|has the wrong version)/,
    ],
    (found) => {
      const php = wordOf(found.facts.site.php_version);
      const name = matchedGroup(found, '');
      return [sshServer('Install it', 'sudo', 'apt-get', 'install', '-y', `php${php}-${PACKAGES.get(name) ?? name}`), deployFix()];
    },
    { lasting: true },
  ),
  shown(
    'composer_old',
    'Composer on the server is too old',
    94,
    [/requires composer-(?:runtime|plugin)-api \S+ -> found composer-/],
    [sshServer('Update it', 'sudo', 'composer', 'self-update'), deployFix()],
    { lasting: true },
  ),
  shown(
    'composer_lock',
    'composer.lock does not match composer.json',
    90,
    [
      /Required package "([^"]+)" is (?:not present in the lock file|in the lock file as)/,
      /Your lock file does not contain a compatible set of packages/,
    ],
    lock,
    { lasting: true },
  ),
  shown(
    'composer_auth',
    'Composer may not read a private package',
    90,
    [
      /Invalid credentials (?:\(HTTP 40[13]\) )?for 'https?:/,
      /The "https?:\/\/[^"]+" file could not be downloaded \(HTTP\/[\d.]+ 40[123]\b/,
      /URL required authentication \(HTTP 40[134]\)/,
      /Could not authenticate against [\w.-]+/,
      /(?:Your|The) (?:GitHub|GitLab|Bitbucket) (?:OAuth )?(?:token|credentials).*(?:invalid|not work)/i,
    ],
    [ofSite('Store the credentials', 'env', 'set', 'COMPOSER_AUTH', '--from-file', '-'), deployFix()],
    { lasting: true },
  ),
  shown(
    'composer_memory',
    'Composer ran out of memory',
    92,
    [
      /Allowed memory size of \d+ bytes exhausted .*(?:phar:\/\/\S*composer|\/composer\.phar)/,
      /^The following exception .*mmap\(\) failed: \[12\] Cannot allocate memory/,
    ],
    [
      step('Commit composer.lock, so that the server only installs'),
      ofSite('Lift the limit', 'env', 'set', 'COMPOSER_MEMORY_LIMIT=-1'),
      deployFix(),
    ],
    { lasting: true },
  ),
  shown(
    'composer_network',
    'Composer could not download a package',
    85,
    [
      /^(?!.*loaded from the local cache).*curl error \d+ while downloading https?:\S+/i,
      /The "https?:\/\/[^"]+" file could not be downloaded(?: \(HTTP\/[\d.]+ 5\d\d|: (?!.*\bHTTP\/[\d.]+ 4\d\d))/,
      /Failed to download [\w./-]+ from source:/,
    ],
    [deployFix('Try again'), sshSite('Check the network of the server', 'composer', 'diagnose')],
  ),
  shown(
    'composer_json',
    (found) => `composer.${/composer\.lock/.test(found.line.text) ? 'lock' : 'json'} is not valid`,
    92,
    [/"[^\s"]*composer\.(?:json|lock)" does not contain valid JSON/, /Composer could not find a composer\.json file in/],
    [step('Run composer validate in your project, and push'), deployFix()],
    { lasting: true },
  ),
  shown(
    'composer_missing_package',
    (found) => `Composer cannot find the package ${matchedGroup(found, '')}`,
    88,
    [/requires ([\w.-]+\/[\w.-]+)\b.*, it could not be found in any version/],
    [step('Check its name, and add its repository to composer.json if it is private'), deployFix()],
    { lasting: true },
  ),
  shown(
    'composer_plugin',
    (found) => `composer.json does not allow the plugin ${matchedGroup(found, '')}`,
    90,
    [/([\w.-]+\/[\w.-]+) (?:\S+ )?contains a Composer plugin which is (?:blocked by|currently not in) your allow-plugins config/],
    (found) => [
      step(`Run composer config allow-plugins.${matchedGroup(found, '')} true in your project, and push composer.json`),
      deployFix(),
    ],
    { lasting: true },
  ),
  shown(
    'composer_conflict',
    'Composer cannot resolve the packages',
    60,
    [/Your requirements could not be resolved to an installable set of packages/],
    lock,
    { lasting: true },
  ),
  shown(
    'composer_script',
    (found) => `A script of Composer failed: ${matchedGroup(found, '')}`,
    40,
    [/^Script (.+?) handling the [\w-]+ event returned with error code \d+/],
    [step('Run composer install --no-dev in your project'), deployFix()],
  ),
  {
    id: 'php_constraint',
    title: ({ facts }) => `PHP ${wordOf(facts.site.php_version)} does not satisfy composer.json`,
    rank: 58,
    state: ({ machine, site }, { kind }) => {
      const required = requiredPhp(machine?.composer);
      const allowed = required === undefined ? undefined : allows(required, wordOf(site.php_version));
      return kind === 'deployment' && allowed === false ? [stateLine('state', `composer.json: "php": "${required}"`)] : [];
    },
    fixes: ({ facts }) => {
      const required = requiredPhp(facts.machine?.composer) ?? '';
      const wanted = VERSIONS.find((version) => allows(required, version) === true);
      return wanted === undefined
        ? [step('Change the requirement in composer.json')]
        : [siteFix('update', `Run the site on PHP ${wanted}`, '--php-version', wanted), deployFix()];
    },
  },
];

/** The constraint of `require.php`. */
function requiredPhp(text: string | null | undefined): string | undefined {
  try {
    const file: unknown = JSON.parse(text ?? '');
    const { require = undefined } = (file ?? {}) as { readonly require?: unknown };
    const { php = undefined } = (require ?? {}) as { readonly php?: unknown };
    return typeof php === 'string' ? php : undefined;
  } catch {
    return undefined;
  }
}
