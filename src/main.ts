import { DnxError, isError } from './base/errors.ts';
import { reportError } from './cli/output/error.ts';
import { checkShape, print, write } from './cli/output/print.ts';
import { styleFor } from './cli/output/style.ts';
import { commandLine, nextLine } from './cli/run/command-line.ts';
import { openContext } from './cli/run/open-context.ts';
import { perform } from './cli/run/perform.ts';
import { type Invocation, parse } from './cli/run/program.ts';
import { tree } from './commands/index.ts';
import { formats } from './machine/settings/format.ts';
import { DEFAULT_HOST, DEFAULT_PROFILE, type Given, readSettings, type Settings } from './machine/settings/settings.ts';
import type { World } from './machine/world.ts';

/** argv and a World in, an exit code out. The one place where errors are caught. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  let settings: Settings | undefined;
  try {
    const invocation = await understand(argv, world);
    if (!invocation) return 0;
    settings = readSettings(world, given(invocation.words));
    await checkShape(invocation.words);
    return await run(invocation, settings, world);
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    const json = settings ? settings.format === 'json' || settings.format === 'ndjson' : wantsJson(argv, world);
    const where = settings ?? { host: DEFAULT_HOST, profile: DEFAULT_PROFILE, origins: {} };
    return reportError(error, {
      json,
      world,
      argv,
      debug: settings?.debug ?? argv.includes('--debug'),
      line: (next) => commandLine(next.command, where),
    });
  }
}

/** argv as an invocation; undefined when it asked for help, which is then printed. */
async function understand(argv: readonly string[], world: World): Promise<Invocation | undefined> {
  const { bold } = await styleFor(world.stdout, world.env, argv.includes('--no-color') ? false : undefined);
  let help = '';
  const invocation = await parse(argv, tree, {
    write: (text) => {
      help += text;
    },
    width: Math.min(world.stdout.columns ?? 100, 110),
    bold,
  });
  if (help !== '') await write(world.stdout, help);
  return invocation;
}

async function run(invocation: Invocation, settings: Settings, world: World): Promise<number> {
  const { ctx, scope, sources, close } = await openContext(world, settings, invocation, tree);
  try {
    const result = await perform(invocation, ctx, scope, sources).catch(async (error: unknown) => {
      if (!isError(error, 'forbidden')) throw error;
      const { withTokenLine } = await import('./features/token/abilities/forbidden.ts');
      throw withTokenLine(error, invocation, settings);
    });
    ctx.progress.done();
    await print(result, invocation.words, settings, world);
    for (const each of result.next ?? []) ctx.progress.note(nextLine(each, settings));
    await result.afterwards?.();
    if (result.exit instanceof DnxError) throw result.exit;
    return result.exit ?? 0;
  } finally {
    ctx.progress.done();
    await close();
  }
}

const given = (words: Invocation['words']): Given => ({
  ...(words as Given),
  input: words.no_input !== false,
  color: words.no_color !== false,
});

/** A usage error comes before the options are read: look for what asks for JSON. */
function wantsJson(argv: readonly string[], { env }: World): boolean {
  const [, asked] = /(?:^| )(?:-o|--output)[ =]?(\S+)/.exec(argv.join(' ')) ?? [];
  const format = formats.find((each) => each === asked) ?? env.DNX_OUTPUT ?? '';
  return argv.includes('--json') || /^(nd)?json$/.test(format);
}

/** `| head -1` closes our stdout: that is how a pipe ends, not a failure. */
const isClosedPipe = (error: unknown): boolean => error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
