import type { Invocation } from './cli/program.ts';

import { reportError } from './output/error.ts';
import { type Given, readSettings, type Settings } from './settings/settings.ts';
import { version } from './version.ts';
import type { World } from './world.ts';

/** argv and a World in, an exit code out. The one place where errors are caught. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    world.stdout.write(`${version}\n`);
    return 0;
  }
  let settings: Settings | undefined;
  try {
    const invocation = await parse(argv, world);
    if (!invocation) return 0;
    settings = readSettings(world, given(invocation.words));
    return await run(invocation, settings, world);
  } catch (error) {
    if (isClosedPipe(error)) return 0;
    const json = settings ? settings.format === 'json' || settings.format === 'ndjson' : wantsJson(argv, world);
    return reportError(error, { json, world, argv, debug: settings?.debug ?? argv.includes('--debug') });
  }
}

async function parse(argv: readonly string[], world: World): Promise<Invocation | undefined> {
  const [{ parse }, { contents, alone, shortcuts }] = await Promise.all([import('./cli/program.ts'), import('./commands/index.ts')]);
  const bold = world.stdout.isTTY && !world.env.NO_COLOR && !argv.includes('--no-color');
  const paint = (code: number) => (text: string) => (bold ? `\u001b[${code}m${text}\u001b[0m` : text);
  return parse(
    argv,
    { contents, alone, shortcuts },
    {
      write: (text) => world.stdout.write(text),
      writeError: (text) => world.stderr.write(text),
      width: Math.min(world.stdout.columns ?? 100, 110),
      bold: paint(1),
      dim: (text) => text,
    },
  );
}

async function run(invocation: Invocation, settings: Settings, world: World): Promise<number> {
  const [{ openContext }, { perform }] = await Promise.all([import('./open.ts'), import('./cli/perform.ts')]);
  const { ctx, scope, sources, close } = openContext(world, settings, invocation);
  try {
    const view = await perform(invocation, ctx, scope, sources);
    ctx.progress.done();
    const { print } = await import('./output/print.ts');
    await print(view, invocation.words, settings, world);
    await view.finish?.();
    if (view.failure) throw view.failure;
    return view.exitCode ?? 0;
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
const wantsJson = (argv: readonly string[], { env }: World): boolean =>
  argv.includes('--json') || /(^| )(-o|--output)[ =]?(nd)?json( |$)/.test(argv.join(' ')) || /^(nd)?json$/.test(env.DNX_OUTPUT ?? '');

/** `| head -1` closes our stdout: that is how a pipe ends, not a failure. */
const isClosedPipe = (error: unknown): boolean => error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
