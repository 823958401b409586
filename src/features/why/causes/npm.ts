import type { FactLine } from '../facts.ts';
import { deployFix, type FixOf, sshServer, sshSite, step } from '../fixes.ts';
import { type Cause, type FoundCause, matchedGroup, shown } from './cause.ts';

/** npm 10 says `npm error`, older ones `npm ERR!`. */
const NPM = '^npm (?:error|ERR!)';
const npm = (rest: string): RegExp => new RegExp(`${NPM} ${rest}`);

const lock: readonly FixOf[] = [step('Install the packages in your project again, and push the lock file'), deployFix()];
const swap = [
  sshServer('See the memory', 'free', '-h'),
  step('Build in CI and deploy the result, use a larger server, or set NODE_OPTIONS=--max-old-space-size in the deploy script'),
  deployFix(),
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

/** Failures of npm, Node and Vite. */
export const npmCauses: readonly Cause[] = [
  shown(
    'npm_memory',
    'The build of the assets ran out of memory',
    93,
    [
      /JavaScript heap out of memory/,
      npm('signal SIGKILL'),
      /The build failed because the process exited too early.*(?:out of memory|kill -9)/,
    ],
    swap,
  ),
  shown(
    'npm_lock',
    'The lock file does not match package.json',
    90,
    [
      /`npm ci` can only install packages when your package\.json and package-lock\.json/,
      /The `npm ci` command can only install with an existing package-lock\.json/,
      /ERR_PNPM_OUTDATED_LOCKFILE/,
      /^error Your lockfile needs to be updated, but yarn was run with `--frozen-lockfile`/,
      /YN0028: .*The lockfile would have been modified by this install, which is explicitly forbidden/,
    ],
    lock,
  ),
  shown(
    'npm_conflict',
    'npm cannot resolve the packages',
    88,
    [npm('code ERESOLVE'), npm('ERESOLVE (?:unable to resolve|could not resolve)')],
    lock,
  ),
  shown(
    'node_version',
    'Node is too old',
    90,
    [
      /You are using Node\.js [\d.]+\. Vite requires Node\.js version/,
      npm('code EBADENGINE'),
      npm('(?:engine )?Unsupported engine'),
      /TypeError: crypto\.hash is not a function/,
    ],
    [sshServer('See the version', 'node', '--version'), step('Install a newer Node on the server')],
  ),
  shown(
    'npm_package_json',
    'package.json is not valid',
    91,
    [npm('code EJSONPARSE'), /^(?:error|ERR_PNPM_JSON_PARSE).*package\.json.*(?:JSON|Unexpected)/i],
    [step('Fix package.json, and push'), deployFix()],
  ),
  shown(
    'npm_script',
    (found) => `package.json has no script ${matchedGroup(found, '')}`,
    90,
    [npm('Missing script: "?([^"\\s]+)"?')],
    [step('Add it to package.json, or remove it from the deploy script'), deployFix()],
  ),
  shown(
    'npm_missing_package',
    (found) => `npm cannot find the package ${matchedGroup(found, '')}`,
    88,
    [
      npm('notarget No matching version found for (\\S+?)\\.?$'),
      npm("404\\s+'([^']+)' is not in"),
      npm('404 Not Found - GET \\S+/(@?[^/\\s]+(?:%2f[^/\\s]+)?)(?: |$)'),
    ],
    lock,
  ),
  shown(
    'npm_auth',
    'npm may not read a private package',
    89,
    [npm('code E40[13]'), npm('code ENEEDAUTH')],
    [step('Add the token of the registry to .npmrc on the server'), deployFix()],
  ),
  shown(
    'npm_leftover',
    'npm cannot replace what an earlier run left in node_modules',
    88,
    [npm('code ENOTEMPTY'), npm('ENOTEMPTY: directory not empty, rename')],
    [step('Use npm ci in the deploy script, or remove node_modules before npm install'), deployFix()],
  ),
  shown(
    'npm_network',
    'npm could not reach its registry',
    85,
    [npm('code (?:ETIMEDOUT|ECONNRESET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED)'), npm('network ')],
    [deployFix('Try again'), sshSite('Check that npm reaches its registry', 'npm', 'ping')],
  ),
  shown(
    'npm_platform',
    'node_modules lacks a program for the platform of the server',
    91,
    [
      /npm has a bug related to optional dependencies/,
      /You installed \w+ for another platform than the one you're currently using/,
      /Cannot find module '(?:@rollup\/rollup-|@esbuild\/|@tailwindcss\/oxide-|(?:\.\.\/)?lightningcss[.-])/,
    ],
    [
      step('Delete node_modules and the lock file in your project, install again, and push the lock file, but not node_modules'),
      deployFix(),
    ],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'node_openssl',
    'The build uses a hash that this Node does not have',
    90,
    [/error:0308010C:digital envelope routines::unsupported/],
    [step('Update webpack or Laravel Mix, or set NODE_OPTIONS=--openssl-legacy-provider in the deploy script'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'corepack_key',
    'Corepack is too old to check its package manager',
    90,
    [/^Error: Cannot find matching keyid: /],
    [sshServer('Update it', 'sudo', 'npm', 'install', '-g', 'corepack@latest'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'vite_import',
    (found) => `The assets import ${matchedGroup(found, '')}, which cannot be found`,
    88,
    [
      /Rollup failed to resolve import "([^"]+)"/,
      /Could not resolve "([^"]+)" from "[^"]+"/,
      /Cannot find module '([^'./][^']*)'/,
      /Could not load (\S+) .*ENOENT/,
      /\[UNRESOLVED_IMPORT\] Could not resolve '([^']+)'/,
      /Module not found: Error: Can't resolve '([^']+)'/,
      /\[ERR_MODULE_NOT_FOUND\]: Cannot find (?:package|module) '([^']+)'/,
    ],
    [step('Add the package to package.json, and check upper and lower case in the path'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'assets_types',
    'TypeScript found errors in the assets',
    86,
    [/^\S+\.(?:[cm]?tsx?|vue|svelte)(?:\(\d+,\d+\): |:\d+:\d+ - )error TS\d+: /, /^error TS\d+: /],
    [step('Run npm run build in your project'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'js_syntax',
    'Node cannot parse a file',
    80,
    [/^SyntaxError: (?:Unexpected|Invalid|[Mm]issing|Identifier|Cannot use import|The requested module)/],
    [step('Fix the file that the lines above it name, and push'), deployFix()],
    { sources: ['deploy', 'given'] },
  ),
  shown(
    'node_exception',
    'A script of Node stopped with an error',
    29,
    [/^Node\.js v\d+\.\d+\.\d+$/],
    [step('Run the build in your project'), deployFix()],
    {
      sources: ['deploy', 'given'],
      quote: ({ line }, lines) => [
        lines.slice(0, lines.indexOf(line)).findLast(({ text }) => /^(?:Uncaught )?\w*Error\b.*: ./.test(text)) ?? line,
      ],
    },
  ),
  shown(
    'assets_failed',
    'The build of the assets failed',
    45,
    [
      /^error during build:/,
      /^(?:\[31m)?x Build failed in/,
      /^✗ Build failed in/,
      /ELIFECYCLE/,
      npm('Lifecycle script `[\\w:-]+` failed with error'),
    ],
    [step('Run npm run build in your project'), deployFix()],
    { sources: ['deploy', 'given'], quote: buildLines },
  ),
];
