import type { Next } from './base/errors.ts';
import { quoteFor } from './base/shell.ts';
import type { RunLine } from './cli/language/command.ts';
import type { Globals } from './cli/language/globals.ts';
import { errorInJson, reportError } from './cli/output/error.ts';
import { ClosedPipe, DEFAULT_COLUMNS, Ended, styleFor, write } from './cli/output/text.ts';
import type { HelpPage } from './cli/run/help/page.ts';
import { commandLine, type Ending, type ParseResult } from './cli/run/line.ts';
import { tree } from './commands/index.ts';
import type { Reporter } from './features/ci/reporter.ts';
import { hasCi } from './machine/ci.ts';
import { truthy } from './machine/env.ts';
import { DEFAULT_PROFILE } from './machine/settings/config.ts';
import { DEFAULT_HOST } from './machine/settings/host.ts';
import { formats, type Settings } from './machine/settings/settings.ts';
import type { World } from './machine/world.ts';

/** Help never gets wider than this, to stay readable. */
const WIDEST_HELP = 100;

/** The global options that decide how help and errors look. */
type OutputOptions = Pick<Globals, 'json' | 'output' | 'debug' | 'color'>;

const defaultOutput: OutputOptions = { json: false, output: undefined, debug: false, color: true };

/** Runs argv in a World and returns the exit code. Catches every error. */
export async function main(argv: readonly string[], world: World, check?: Parameters<RunLine>[2]): Promise<number> {
  quoteFor(world.platform);
  if (argv[0] === '__complete') {
    const { complete } = await import('./features/completion/complete.ts');
    await write(world.stdout, await complete(argv.slice(1), world, tree, main));
    return 0;
  }
  let output = defaultOutput;
  let settings: Settings | undefined;
  let reporter: Reporter | undefined;
  const failed = async (error: unknown) => failedIn(world, error, output, settings);
  const reported = async (ending: Ending) => (await reporter?.end(ending)) ?? ending;
  try {
    // What people ask for most needs no commander.
    if (isHelp(argv)) return await printHelp(async (page) => (await import('./cli/run/help/root.ts')).rootHelp(tree, page), output, world);
    const parsed = await parse(argv);
    const { help, line: typedLine, error } = parsed;
    output = parsed.globals;
    if (help && error === undefined) return await printHelp(help, output, world);
    if (typedLine ? check?.(typedLine) === false : error === undefined) return 0;
    // A line with a check is run for someone who has no files here.
    reporter = check ? undefined : await reporterOf(parsed, argv, world, failed);
    await reporter?.begin();
    if (!typedLine) throw error;
    const { loadConnecting, resolve, settingsFor } = await import('./cli/run/resolve.ts');
    settings = settingsFor(typedLine, world);
    const line = await resolve(typedLine, settings, world);
    await (await import('./cli/output/shaping.ts')).checkShape(line);
    const { runCommand } = await loadConnecting(line, world, () => import('./run.ts'));
    return await runCommand(line, world, { tree, runLine: main, failed, reported });
  } catch (error) {
    return (await reported(await failed(error))).code;
  }
}

/** Reports an uncaught error as `main` would, and returns the exit code. */
export async function reportCrash(error: unknown, argv: readonly string[], world: World): Promise<number> {
  const parsed = await parse(argv);
  const failed = (error: unknown) => failedIn(world, error, parsed.globals, undefined);
  const ending = await failed(error);
  const reporter = await reporterOf(parsed, argv, world, failed);
  await reporter?.begin().catch(() => {});
  await reporter?.end(ending);
  return ending.code;
}

const parse = async (argv: readonly string[]) => (await import('./cli/run/parse.ts')).parse(argv, tree);

/** What tells a CI system or `--result-file` how the line ends; undefined if there is neither. */
async function reporterOf(parsed: ParseResult, argv: readonly string[], world: World, failed: (error: unknown) => Promise<Ending>) {
  if (!hasCi(world.env) && !argv.some((word) => word.startsWith('--result-file'))) return undefined;
  const { openReporter } = await import('./features/ci/reporter.ts');
  const given = parsed.given ?? (await (await import('./cli/run/parse.ts')).givenAfter(argv, tree));
  return openReporter({ ...parsed, given }, world, failed);
}

/** Prints an error, and returns how the line ended with it. What a signal or a closed pipe ends has no failure. */
async function failedIn(world: World, error: unknown, output: OutputOptions, settings: Settings | undefined): Promise<Ending> {
  if (error instanceof Ended) return { result: undefined, failure: undefined, code: error.code };
  if (error instanceof ClosedPipe) return { result: undefined, failure: undefined, code: 0 };
  const line = nextFormat(settings);
  const code = await reportError(error, {
    json: isJson(settings?.format ?? wantedFormat(output, world)),
    debug: settings?.debug ?? (output.debug || truthy(world.env.DNX_DEBUG)),
    color: output.color,
    world,
    line,
  });
  return { result: undefined, failure: { error, data: errorInJson(error, line) }, code };
}

const isHelp = ([word = 'help', ...others]: readonly string[]): boolean => others.length === 0 && ['help', '--help', '-h'].includes(word);

async function printHelp(help: (page: HelpPage) => Promise<string>, { color }: OutputOptions, { stdout, env }: World): Promise<number> {
  const { bold } = await styleFor(stdout, env, color);
  const width = stdout.isTTY ? Math.min(stdout.columns || DEFAULT_COLUMNS, WIDEST_HELP) : DEFAULT_COLUMNS;
  await write(stdout, await help({ width, bold }));
  return 0;
}

/** How a next command is written: with the options that lead it to the same host and profile. */
const nextFormat =
  (settings: Settings | undefined) =>
  ({ command }: Next): string =>
    commandLine(command, settings ?? { host: DEFAULT_HOST, profile: DEFAULT_PROFILE, origins: {} });

/** The output format for an error before the settings are read. */
const wantedFormat = ({ json, output }: OutputOptions, { env }: World): string | undefined =>
  json ? 'json' : (formats.find((each) => each === output) ?? env.DNX_OUTPUT);

const isJson = (format: string | undefined): boolean => format === 'json' || format === 'ndjson';
