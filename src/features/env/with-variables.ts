import { join } from 'node:path';
import { usage } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result } from '../../cli/output/view.ts';
import { childEnv } from '../../machine/env.ts';
import { readText } from '../../machine/files/text-file.ts';
import { variableGroups } from '../../machine/settings/variables.ts';
import type { World } from '../../machine/world.ts';
import { keysIn } from './dotenv/dotenv.ts';
import { isDotenvKey } from './dotenv/entries.ts';
import { removeLeftFiles } from './edit/editor.ts';
import { projectDirectory } from './local-file.ts';
import { remoteSide } from './remote.ts';
import { UNKNOWN } from './sync/steps.ts';
import type { SiteVariable, variablesEndpoint } from './variables.ts';

type RunContext = Context<typeof variablesEndpoint>;

/** `dnx env run`: runs a command with the variables of a site, and ends with its exit code. */
export async function runWithVariables(ctx: RunContext, command: readonly string[], all: boolean | undefined): Promise<Result> {
  removeLeftFiles(ctx);
  const [file = '', ...args] = command;
  const named = all ? undefined : namedKeys(ctx.world);
  const { env, ...leftOut } = passed(await ctx.list<SiteVariable>(), named);
  explain(ctx, leftOut);
  ctx.progress.done();
  return { view: nothing, exit: await ctx.world.spawn({ file, args, env: childEnv(ctx.world.env, env), foreground: true }) };
}

const NAMING_FILES = ['.env.example', '.env'];

/**
 * The variables that the project names, here or at its root. Any variable can make some program run other code, so whoever may change those
 * of a site must not choose which ones reach the programs of everyone else.
 */
function namedKeys(world: World): ReadonlySet<string> {
  const places = [...new Set([world.cwd, projectDirectory(world)])];
  const texts = places.flatMap((place) => NAMING_FILES.flatMap((name) => readText(join(place, name)) ?? []));
  if (texts.length > 0) return new Set(texts.flatMap(keysIn));
  throw usage('No .env.example or .env here names the variables to pass on.', 'Run this in the project, or use --all.');
}

function explain({ progress }: RunContext, { invalid, masked, unnamed, settings }: Omit<ReturnType<typeof passed>, 'env'>): void {
  if (unnamed.length > 0)
    progress.note(`Left out ${listed(unnamed)}: not in .env.example or .env of this project. Add them there, or use --all.`);
  if (settings.length > 0) progress.note(`Left out ${listed(settings)}: settings of dnx and its runtime never come from a site.`);
  if (masked.length > 0) progress.warn(`Left out ${listed(masked)}: the API hides the value.`);
  if (invalid.length > 0) progress.warn(`Left out ${listed(invalid)}: not a valid name.`);
}

const listed = (names: readonly string[]): string => names.map(quotedName).join(', ');

/** Decides which variables of a site a child process gets: those that are named, or all. Throws for a value that no process can have. */
function passed(variables: readonly unknown[], named: ReadonlySet<string> | undefined) {
  const env: [name: string, value: string][] = [];
  const left = { invalid: [] as string[], masked: [] as string[], unnamed: [] as string[], settings: [] as string[] };
  for (const [key, value] of remoteSide(variables)) {
    // With `=` in its name, it would set another variable.
    if (!isDotenvKey(key)) left.invalid.push(key);
    else if (isSetting(key)) left.settings.push(key);
    else if (named && !named.has(key)) left.unnamed.push(key);
    else if (value === UNKNOWN) left.masked.push(key);
    else if (value.includes('\0')) throw usage(`The value of ${key} contains a NUL character, which no command can receive.`);
    else env.push([key, value]);
  }
  return { env: Object.fromEntries(env), ...left };
}

/** Every variable that dnx reads, such as HTTPS_PROXY and HOME. */
const ownSettings = new Set(variableGroups.flatMap((group) => group.variables.map(({ name }) => name)));

/**
 * True if dnx or what runs it reads a variable, in any case of the name: Node.js or, in an executable, Bun, their TLS library, and the loader
 * of the system. A dnx inside the command would run the code that it names with the user's token, or send the token to the host, through the
 * proxy or past the certificates that it names. NODE_ENV is for applications.
 */
function isSetting(name: string): boolean {
  const upper = name.toUpperCase();
  return ownSettings.has(upper) || /^(DNX_|NODE_(?!ENV$)|BUN_|OPENSSL_|SSL_CERT_|LD_|DYLD_)/.test(upper);
}
