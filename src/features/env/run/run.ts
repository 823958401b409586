import { quotedName } from '../../../base/text.ts';
import type { Context } from '../../../cli/language/command.ts';
import { nothing, type Result } from '../../../cli/output/view.ts';
import { childEnv } from '../../../machine/env.ts';
import { removeLeftFiles } from '../edit/private-file.ts';
import type { listEndpoint, Variable } from '../variables.ts';
import { type Passed, passed } from './passed.ts';

interface Options {
  readonly command: readonly string[];
  readonly all: boolean | undefined;
}

type RunContext = Pick<Context<typeof listEndpoint>, 'clock' | 'list' | 'progress' | 'settings' | 'world'>;

/** `dnx env run`: runs a command with the variables of a site, and ends with its exit code. */
export async function runWith(ctx: RunContext, { command, all = false }: Options): Promise<Result> {
  removeLeftFiles(ctx);
  const [file = '', ...args] = command;
  const { env, ...leftOut } = passed(await ctx.list<Variable>(), { all });
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
