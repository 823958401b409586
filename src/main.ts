import { DnxError, type Next, isError } from './base/errors.ts';
import { quoteFor } from './base/shell.ts';
import { onlyReads } from './cli/language/calls.ts';
import type { Globals } from './cli/language/globals.ts';
import { errorInJson, reportError } from './cli/output/error.ts';
import { DEFAULT_COLUMNS, styleFor } from './cli/output/style.ts';
import { ClosedPipe, Ended, write } from './cli/output/write.ts';
import { commandLine, nextLine } from './cli/run/command-line.ts';
import { type Invocation, callsOf } from './cli/run/invocation.ts';
import type { Opened } from './cli/run/open-context.ts';
import { parse } from './cli/run/parse.ts';
import type { BeforeCommand } from './cli/run/starting.ts';
import { tree } from './commands/index.ts';
import { hasBranches } from './features/deploy/branch/directory.ts';
import type { Notice } from './features/notify/notify.ts';
import { mayTell } from './features/update/due.ts';
import { truthy } from './machine/env.ts';
import { formats } from './machine/settings/format.ts';
import { DEFAULT_HOST, DEFAULT_PROFILE } from './machine/settings/host.ts';
import type { Settings } from './machine/settings/settings.ts';
import type { World } from './machine/world.ts';

/** Help never gets wider than this, to stay readable. */
const WIDEST_HELP = 100;

/** Runs argv in a World and returns the exit code. The only place that catches errors. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  quoteFor(world.platform);
  if (argv[0] === '__complete') {
    const { complete } = await import('./features/completion/complete.ts');
    await write(world.stdout, await complete(argv.slice(1), world, tree, main));
    return 0;
  }
  const { globals, help, invocation, error } = await parse(argv, tree);
  let settings: Settings | undefined;
  try {
    if (error !== undefined) throw error;
    if (help) await write(world.stdout, await help(await pageOf(world, globals)));
    if (!invocation) return 0;
    // Help does without what follows.
    const [{ readSettings }, { checkShape }] = await Promise.all([
      import('./machine/settings/settings.ts'),
      import('./cli/output/print.ts'),
    ]);
    settings = readSettings(world, {
      ...globals,
      debug: globals.debug || undefined,
      formats: invocation.command.formats,
      signs: invocation.command.signs,
    });
    await checkShape(globals, settings, Boolean(invocation.command.options?.watch && invocation.options.watch));
    return await run(invocation, settings, world);
  } catch (error) {
    if (error instanceof Ended) return error.code;
    return error instanceof ClosedPipe ? 0 : report(error, globals, settings, world);
  }
}

/** Reports an uncaught error as `main` would, and returns the exit code. */
export async function reportCrash(error: unknown, argv: readonly string[], world: World): Promise<number> {
  return report(error, (await parse(argv, tree)).globals, undefined, world);
}

async function report(error: unknown, globals: Globals, settings: Settings | undefined, world: World): Promise<number> {
  return reportError(error, {
    json: isJson(settings?.format ?? wantedFormat(globals, world)),
    debug: settings?.debug ?? (globals.debug || truthy(world.env.DNX_DEBUG)),
    color: globals.color,
    world,
    line: lineFor(settings),
  });
}

const lineFor =
  (settings: Settings | undefined) =>
  ({ command }: Next): string =>
    commandLine(command, settings ?? { host: DEFAULT_HOST, profile: DEFAULT_PROFILE, origins: {} });

async function run(invocation: Invocation, settings: Settings, world: World): Promise<number> {
  const { openContext } = await import('./cli/run/open-context.ts');
  const opened = await openContext(world, settings, invocation.globals, tree);
  const update = mayTell(invocation, settings, world) ? (await import('./features/update/notice.ts')).openUpdate(opened.ctx) : undefined;
  try {
    const code = await runIn(opened, invocation, settings, world);
    if (code === 0) update?.tell();
    return code;
  } finally {
    update?.stop();
  }
}

/** Runs a command, and sends its `--notify`. */
async function runIn(opened: Opened, invocation: Invocation, settings: Settings, world: World): Promise<number> {
  const notice = await noticeFor(invocation, opened.ctx);
  if (!notice) return finish(invocation, opened);
  const code = await finish(invocation, opened, notice).catch(async (error: unknown) => {
    if (error instanceof ClosedPipe) return 0;
    notice.failed(error, errorInJson(error, lineFor(settings)));
    return report(error, invocation.globals, settings, world);
  });
  await notice.send(code);
  return code;
}

/** What `--notify` needs; undefined without it. Throws if it can never work. */
async function noticeFor(invocation: Invocation, ctx: Opened['ctx']): Promise<Notice | undefined> {
  if (!invocation.command.options?.notify || !(invocation.options.notify ?? ctx.world.env.DNX_NOTIFY)) return undefined;
  return (await import('./features/notify/notify.ts')).openNotice(invocation, ctx);
}

/** Performs a command and writes its result. Throws its failure. */
async function finish(invocation: Invocation, { ctx, scope, sources, close }: Opened, notice?: Notice): Promise<number> {
  const { settings } = ctx;
  const [{ perform }, { delivered, print }] = await Promise.all([import('./cli/run/perform.ts'), import('./cli/output/print.ts')]);
  const explained = async (error: unknown) => {
    throw await explain(error, invocation, ctx);
  };
  try {
    const result = await perform(invocation, ctx, scope, sources, branchRestoring(ctx)).catch(explained);
    ctx.progress.done();
    notice?.ended(result);
    const { exit, note, next = [], hostKept, afterwards } = result;
    const where = hostKept ? { ...settings, origins: {} } : settings;
    if (await delivered(result, print(result, invocation.globals, ctx).catch(explained), !onlyReads(callsOf(invocation, settings)))) {
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

/** An error with what this user can do about a refused token. */
async function explain(error: unknown, invocation: Invocation, ctx: Opened['ctx']): Promise<unknown> {
  const { settings, world } = ctx;
  if (isError(error, 'unauthenticated') && world.env.DNX_TOKEN)
    return (await import('./features/auth/rejected.ts')).withVariable(error, world.env, settings.host);
  if (!isError(error, 'forbidden')) return error;
  return (await import('./features/token/abilities/forbidden.ts')).withAbilities(error, invocation, ctx);
}

/** Restores the branch of a site, after a `deploy --branch` that was killed. */
const branchRestoring =
  (ctx: Opened['ctx']): BeforeCommand =>
  async (starting) => {
    if (!starting.targets.some(({ site }) => site) || !hasBranches(ctx.settings.directories.state)) return undefined;
    return (await import('./features/deploy/branch/before-command.ts')).beforeCommand(ctx, starting);
  };

async function pageOf({ stdout, env }: World, { color }: Globals) {
  const { bold } = await styleFor(stdout, env, color);
  return { width: stdout.isTTY ? Math.min(stdout.columns || DEFAULT_COLUMNS, WIDEST_HELP) : DEFAULT_COLUMNS, bold };
}

/** The output format for an error before the settings are read. */
function wantedFormat({ json, output }: Globals, { env }: World): string | undefined {
  return json ? 'json' : (formats.find((each) => each === output) ?? env.DNX_OUTPUT);
}

const isJson = (format: string | undefined): boolean => format === 'json' || format === 'ndjson';
