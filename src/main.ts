import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, isError } from './base/errors.ts';
import type { Globals } from './cli/language/globals.ts';
import { reportError } from './cli/output/error.ts';
import { ClosedPipe, checkShape, delivered, print, write } from './cli/output/print.ts';
import { styleFor } from './cli/output/style.ts';
import { DEFAULT_COLUMNS } from './cli/output/wrap.ts';
import { commandLine, nextLine } from './cli/run/command-line.ts';
import { callsOf, type Invocation } from './cli/run/invocation.ts';
import { openContext } from './cli/run/open-context.ts';
import { parse } from './cli/run/parse.ts';
import { type BeforeCommand, perform } from './cli/run/perform.ts';
import { tree } from './commands/index.ts';
import { formats } from './machine/settings/format.ts';
import { DEFAULT_HOST } from './machine/settings/host.ts';
import { DEFAULT_PROFILE } from './machine/settings/place.ts';
import { readSettings, type Settings, truthy } from './machine/settings/settings.ts';
import type { World } from './machine/world.ts';

/** Help never gets wider than this, to stay readable. */
const WIDEST_HELP = 100;

/** Runs argv in a World and returns the exit code. The only place that catches errors. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  const { globals, help, invocation, error } = await parse(argv, tree);
  let settings: Settings | undefined;
  try {
    if (error !== undefined) throw error;
    if (help) await write(world.stdout, await help(await pageOf(world, globals)));
    if (!invocation) return 0;
    settings = readSettings(world, { ...globals, debug: globals.debug || undefined });
    await checkShape(globals, settings);
    return await run(invocation, settings, world);
  } catch (error) {
    return error instanceof ClosedPipe ? 0 : report(error, globals, settings, world);
  }
}

/** Reports an uncaught error as `main` would, and returns the exit code. */
export async function reportCrash(error: unknown, argv: readonly string[], world: World): Promise<number> {
  return report(error, (await parse(argv, tree)).globals, undefined, world);
}

async function report(error: unknown, globals: Globals, settings: Settings | undefined, world: World): Promise<number> {
  const where = settings ?? { host: DEFAULT_HOST, profile: DEFAULT_PROFILE, origins: {} };
  return reportError(error, {
    json: isJson(settings?.format ?? wantedFormat(globals, world)),
    debug: settings?.debug ?? (globals.debug || truthy(world.env.DNX_DEBUG)),
    color: globals.color,
    world,
    line: ({ command }) => commandLine(command, where),
  });
}

async function run(invocation: Invocation, settings: Settings, world: World): Promise<number> {
  const { ctx, scope, sources, close } = await openContext(world, settings, invocation.globals, tree);
  try {
    const before: BeforeCommand = async (starting) => {
      if (!starting.targets.some(({ site }) => site) || !hasTemporaryBranch(settings)) return undefined;
      return (await import('./features/deploy/branch/before-command.ts')).beforeCommand(ctx, starting);
    };
    const result = await perform(invocation, ctx, scope, sources, before).catch(async (error: unknown) => {
      if (isError(error, 'unauthenticated'))
        throw (await import('./features/auth/rejected.ts')).withVariable(error, world.env, settings.host);
      if (!isError(error, 'forbidden')) throw error;
      const { withAbilities } = await import('./features/token/abilities/forbidden.ts');
      throw withAbilities(error, invocation, ctx);
    });
    ctx.progress.done();
    const { exit, note, next = [], hostKept, afterwards } = result;
    const where = hostKept ? { ...settings, origins: {} } : settings;
    if (await delivered(result, print(result, invocation.globals, ctx), changes(invocation, settings))) {
      if (note !== undefined && !(exit instanceof DnxError)) ctx.progress.note(note);
      for (const each of next) ctx.progress.note(nextLine(each, where));
      await afterwards?.();
    }
    if (exit instanceof DnxError) throw exit;
    return exit ?? 0;
  } finally {
    ctx.progress.done();
    await close();
  }
}

/** True if a site may have a temporary branch, after `deploy --branch`. */
function hasTemporaryBranch({ directories }: Settings): boolean {
  try {
    return readdirSync(join(directories.state, 'branches')).length > 0;
  } catch {
    return false;
  }
}

/** True if a command sends anything but GET requests. */
function changes(invocation: Invocation, settings: Settings): boolean {
  const { endpoint, also } = callsOf(invocation, settings);
  return [endpoint, ...also.map((each) => each.endpoint)].some((each) => each !== undefined && !each.startsWith('GET '));
}

async function pageOf({ stdout, env }: World, { color }: Globals) {
  const { bold } = await styleFor(stdout, env, color);
  return { width: stdout.isTTY ? Math.min(stdout.columns || DEFAULT_COLUMNS, WIDEST_HELP) : DEFAULT_COLUMNS, bold };
}

/** The output format for an error before the settings are read. */
function wantedFormat({ json, output }: Globals, { env }: World): string | undefined {
  return json ? 'json' : (formats.find((each) => each === output) ?? env.DNX_OUTPUT);
}

const isJson = (format: string | undefined): boolean => format === 'json' || format === 'ndjson';
