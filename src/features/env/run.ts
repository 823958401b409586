import { usage } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import { childEnv } from '../../machine/env.ts';
import { variableGroups } from '../../machine/settings/variables.ts';
import type { Env } from '../../machine/world.ts';
import { isDotenvKey } from './dotenv/entries.ts';
import { removeLeftFiles } from './edit/editor.ts';
import { remoteSide } from './remote.ts';
import { UNKNOWN } from './sync/plan.ts';
import type { SiteVariable, variablesEndpoint } from './variables.ts';

interface Options {
  readonly command: readonly string[];
  readonly all: boolean | undefined;
}

type RunContext = Pick<Context<typeof variablesEndpoint>, 'clock' | 'list' | 'progress' | 'settings' | 'world'>;

/** `dnx env run`: runs a command with the variables of a site, and ends with its exit code. */
export async function runWithVariables(ctx: RunContext, { command, all = false }: Options): Promise<Result> {
  removeLeftFiles(ctx);
  const [file = '', ...args] = command;
  const { env, ...leftOut } = passed(await ctx.list<SiteVariable>(), { all });
  explain(ctx, leftOut);
  ctx.progress.done();
  return { view: nothing, exit: await ctx.world.spawn({ file, args, env: childEnv(ctx.world.env, env), foreground: true }) };
}

/** Says which variables the command does not get, and why. */
function explain({ progress }: RunContext, { invalid, masked, unsafe, settings }: Omit<Passed, 'env'>): void {
  if (unsafe.length > 0) progress.note(`Left out ${listed(unsafe)}: they change how programs run. Use --all to pass them on.`);
  if (settings.length > 0) progress.note(`Left out ${listed(settings)}: settings of dnx and Node.js never come from a site.`);
  if (masked.length > 0) progress.warn(`Left out ${listed(masked)}: the API hides the value.`);
  if (invalid.length > 0) progress.warn(`Left out ${listed(invalid)}: not a valid name.`);
}

const listed = (names: readonly string[]): string => names.map(quotedName).join(', ');

/** The variables for a child process, and the names of those that it does not get. */
interface Passed {
  readonly env: Env;
  /** Not a name in a dotenv file. With `=` in it, it would set another variable. */
  readonly invalid: readonly string[];
  /** The API does not show their values. */
  readonly masked: readonly string[];
  /** They could make the program run other code. */
  readonly unsafe: readonly string[];
  /** dnx or Node.js reads them. */
  readonly settings: readonly string[];
}

/** Decides which variables of a site a child process gets. Throws for a value that no process can have. */
function passed(variables: readonly unknown[], { all }: { readonly all: boolean }): Passed {
  const env: [name: string, value: string][] = [];
  const left = { invalid: [] as string[], masked: [] as string[], unsafe: [] as string[], settings: [] as string[] };
  for (const [key, value] of remoteSide(variables)) {
    if (!isDotenvKey(key)) left.invalid.push(key);
    else if (isSetting(key)) left.settings.push(key);
    else if (!all && changesPrograms(key)) left.unsafe.push(key);
    else if (value === UNKNOWN) left.masked.push(key);
    else if (value.includes('\0')) throw usage(`The value of ${key} contains a NUL character, which no command can receive.`);
    else env.push([key, value]);
  }
  return { env: Object.fromEntries(env), ...left };
}

/** Every variable that dnx reads, such as HTTPS_PROXY and HOME. */
const ownSettings = new Set(variableGroups.flatMap((group) => group.variables.map(({ name }) => name)));

/**
 * True if dnx, Node.js or its TLS library reads a variable, in any case of the name. A dnx inside the command would send the user's
 * token to the host, through the proxy or past the certificates that it names. NODE_ENV is for applications.
 */
function isSetting(name: string): boolean {
  const upper = name.toUpperCase();
  return ownSettings.has(upper) || /^(DNX_|NODE_(?!ENV$)|OPENSSL_|SSL_CERT_)/.test(upper);
}

/**
 * Names of variables that decide which code a program loads or runs. Someone who may change the variables of a site must not be
 * able to run commands on the machines of everyone else.
 */
const names = new Set([
  // Shells
  ...['SHELLOPTS', 'BASHOPTS', 'ENV', 'IFS', 'PS4', 'PROMPT_COMMAND', 'CDPATH', 'FPATH', 'ZDOTDIR'],
  // Directories with settings that run commands
  ...['PHPRC', 'PHP_INI_SCAN_DIR', 'COMPOSER_HOME', 'COMPOSER_VENDOR_DIR', 'CARGO_HOME'],
  // Where Windows looks for its own programs and those of everyone
  ...['WINDIR', 'SYSTEMDRIVE', 'HOMEDRIVE', 'HOMEPATH', 'PROGRAMDATA', 'PSMODULEPATH', 'NODEFAULTCURRENTDIRECTORYINEXEPATH'],
  // Interpreters
  ...['RUBYOPT', 'RUBYLIB', 'PERLLIB', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'CLASSPATH'],
  ...['GCONV_PATH', 'GLIBC_TUNABLES', 'MAKEFLAGS', 'RUSTC_WRAPPER', 'GOFLAGS'],
  // Programs that other programs start
  ...['PAGER', 'MANPAGER', 'LESSOPEN', 'LESSCLOSE', 'SSH_ASKPASS', 'SUDO_ASKPASS', 'PSQL_PAGER', 'PSQLRC'],
]);

const prefixes = [
  ...['LD_', 'DYLD_', 'BASH_', 'GIT_', 'XDG_', 'PYTHON', 'PERL5', 'LUA_', 'GEM_', 'BUNDLE_', 'NPM_CONFIG_', 'YARN_', 'PNPM_', 'DOTNET_'],
  ...['PROGRAMFILES', 'COMMONPROGRAM'],
  ...['CORECLR_', 'COR_', 'GCC_EXEC_'],
];

/** True if a variable can make a program load or run other code. `npm_config_…` counts in lower case, too. */
function changesPrograms(name: string): boolean {
  const upper = name.toUpperCase();
  return names.has(upper) || prefixes.some((prefix) => upper.startsWith(prefix));
}
