import type { Next } from './base/errors.ts';
import { quoteFor } from './base/shell.ts';
import type { RunLine } from './cli/language/command.ts';
import type { Globals } from './cli/language/globals.ts';
import { reportError } from './cli/output/error.ts';
import { ClosedPipe, DEFAULT_COLUMNS, Ended, styleFor, write } from './cli/output/text.ts';
import type { HelpPage } from './cli/run/help/page.ts';
import { commandLine } from './cli/run/line.ts';
import { tree } from './commands/index.ts';
import { truthy } from './machine/env.ts';
import { DEFAULT_HOST, DEFAULT_PROFILE } from './machine/settings/host.ts';
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
  const report = async (error: unknown) => {
    if (error instanceof Ended) return error.code;
    return error instanceof ClosedPipe ? 0 : reportIn(world, error, output, settings);
  };
  try {
    // What people ask for most needs no commander.
    if (isHelp(argv)) return await printHelp(async (page) => (await import('./cli/run/help/root.ts')).rootHelp(tree, page), output, world);
    const { globals, help, line: typedLine, error } = await parsed(argv);
    output = globals;
    if (error !== undefined) throw error;
    if (help) return await printHelp(help, output, world);
    if (!typedLine) return 0;
    if (check?.(typedLine) === false) return 0;
    const { resolve, settingsFor } = await import('./cli/run/resolve.ts');
    settings = settingsFor(typedLine, world);
    const line = await resolve(typedLine, settings, world);
    await (await import('./cli/output/shaping.ts')).checkShape(line);
    const { loadConnecting } = await import('./cli/run/early.ts');
    const { runCommand } = await loadConnecting(line, world, () => import('./run.ts'));
    return await runCommand(line, world, { tree, runLine: main, report, formatNext: nextFormat(settings) });
  } catch (error) {
    return report(error);
  }
}

/** Reports an uncaught error as `main` would, and returns the exit code. */
export const reportCrash = async (error: unknown, argv: readonly string[], world: World): Promise<number> =>
  reportIn(world, error, (await parsed(argv)).globals, undefined);

const parsed = async (argv: readonly string[]) => (await import('./cli/run/parse.ts')).parse(argv, tree);

const isHelp = ([word = 'help', ...others]: readonly string[]): boolean => others.length === 0 && ['help', '--help', '-h'].includes(word);

async function printHelp(help: (page: HelpPage) => Promise<string>, { color }: OutputOptions, { stdout, env }: World): Promise<number> {
  const { bold } = await styleFor(stdout, env, color);
  const width = stdout.isTTY ? Math.min(stdout.columns || DEFAULT_COLUMNS, WIDEST_HELP) : DEFAULT_COLUMNS;
  await write(stdout, await help({ width, bold }));
  return 0;
}

const reportIn = async (world: World, error: unknown, output: OutputOptions, settings: Settings | undefined): Promise<number> =>
  reportError(error, {
    json: isJson(settings?.format ?? wantedFormat(output, world)),
    debug: settings?.debug ?? (output.debug || truthy(world.env.DNX_DEBUG)),
    color: output.color,
    world,
    line: nextFormat(settings),
  });

/** How a next command is written: with the options that lead it to the same host and profile. */
const nextFormat =
  (settings: Settings | undefined) =>
  ({ command }: Next): string =>
    commandLine(command, settings ?? { host: DEFAULT_HOST, profile: DEFAULT_PROFILE, origins: {} });

/** The output format for an error before the settings are read. */
const wantedFormat = ({ json, output }: OutputOptions, { env }: World): string | undefined =>
  json ? 'json' : (formats.find((each) => each === output) ?? env.DNX_OUTPUT);

const isJson = (format: string | undefined): boolean => format === 'json' || format === 'ndjson';
