import { quoted } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing, type Result, text } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { directoriesOf, LIVE, ROOT } from './directory.ts';
import { readMachine, readSiteOnMachine } from './machine.ts';
import { literally, scripted, sshWords } from './ssh.ts';

interface Options {
  readonly user: string | undefined;
  readonly print: boolean | undefined;
  readonly command: readonly string[] | undefined;
}

/** `dnx ssh`. */
export async function connect(
  ctx: Pick<Context, 'api' | 'progress' | 'world'>,
  targets: Targets,
  { user, print, command = [] }: Options,
): Promise<Result> {
  const { world } = ctx;
  const terminal = world.stdin.isTTY === true && world.stdout.isTTY === true;
  const given = command.length === 0 ? undefined : literally(command);
  const words = targets.site
    ? await siteWords(ctx, targets, { user, terminal, command })
    : sshWords(await readMachine(ctx, targets, user), { terminal, ...(given !== undefined && { command: given }) });
  if (print) {
    const line = words.map(quoted).join(' ');
    return { view: text(line, { command: line }) };
  }
  ctx.progress.done();
  const [file = 'ssh', ...args] = words;
  return { view: nothing, exit: await world.spawn({ file, args, env: world.env, foreground: true }) };
}

async function siteWords(
  ctx: Pick<Context, 'api'>,
  targets: Targets,
  { user, terminal, command }: { user: string | undefined; terminal: boolean; command: readonly string[] },
) {
  const place = await readSiteOnMachine(ctx, targets, user);
  const script = `${ROOT}; ${LIVE}; cd "\${live:-$HOME}" && shift 2 && if [ $# -gt 0 ]; then exec "$@"; fi; exec "\${SHELL:-sh}" -l`;
  return sshWords(place.machine, { terminal, command: scripted(script, ...directoriesOf(place), ...command) });
}
