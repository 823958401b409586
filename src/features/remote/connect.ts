import { usage } from '../../base/errors.ts';
import { quotedForAny } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { type Result, text } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { directoriesOf, LIVE, ROOT } from './directory.ts';
import { type Machine, readMachine, readSiteOnMachine } from './machine.ts';
import { withoutDirectory } from './missing.ts';
import { runSession } from './session.ts';
import { literally, scripted, sshWords } from './ssh.ts';

interface Options {
  readonly user: string | undefined;
  readonly path: string | undefined;
  readonly print: boolean | undefined;
  readonly command: readonly string[] | undefined;
}

/** What to run where. */
interface Session {
  readonly machine: Machine;
  /** As the user may name the target again. */
  readonly name: string;
  /** For the login shell of the server; an interactive login if undefined. */
  readonly command: string | undefined;
}

/** Changes to the site, and runs the words after its directories and the message, or a login shell. Without a directory, only the shell. */
const AT_SITE = [
  `${ROOT}; ${LIVE}`,
  `if [ -z "$live" ]; then printf '%s\\n' "$3" >&2; if [ $# -gt 3 ]; then exit 6; fi; live=$HOME; fi`,
  'cd "$live" || exit 6',
  `shift 3; if [ $# -eq 0 ]; then exec "\${SHELL:-sh}" -l; fi`,
  // Some shells read the options of exec.
  'case $1 in -*) "$@"; exit;; esac; exec "$@"',
].join('; ');

/** The exit code of a shell that does not find a command. */
const NOT_FOUND = 127;

/** `dnx ssh`: an interactive login, or a command, with its exit code. */
export async function connect(
  ctx: Pick<Context, 'api' | 'progress' | 'settings' | 'world'>,
  targets: Targets,
  options: Options,
): Promise<Result> {
  const { print, command: words = [] } = options;
  const { machine, name, command } = await sessionOf(ctx, targets, options);
  if (print) {
    const line = printed(sshWords(machine, { terminal: targets.site !== undefined && words.length === 0, ...(command && { command }) }));
    return { view: text(line, { command: line }) };
  }
  const result = await runSession(ctx, machine, command);
  const [line = '', ...others] = words;
  if (result.exit !== NOT_FOUND || others.length > 0 || !/\s/.test(line)) return result;
  return {
    ...result,
    next: [{ command: ['ssh', name, '--', 'sh', '-c', line], why: 'dnx passes it as one word. For a line of shell code' }],
  };
}

async function sessionOf(ctx: Pick<Context, 'api'>, targets: Targets, { user, path, command = [] }: Options): Promise<Session> {
  if (!targets.site) {
    if (path !== undefined) throw usage('--path is for sites.', 'Use --site.');
    const machine = await readMachine(ctx, targets, user);
    return { machine, name: machine.server.label, command: command.length > 0 ? literally(command) : undefined };
  }
  const place = await readSiteOnMachine(ctx, targets, user);
  const missing = command.length > 0 ? withoutDirectory(place) : `${withoutDirectory(place, 'note')} This is the home directory.`;
  const script = scripted(AT_SITE, ...directoriesOf(place, path), missing, ...command);
  return { machine: place.machine, name: place.domain, command: script };
}

/** A command line of ssh for any shell of the user. ssh decides about a terminal, unless it needs one. */
const printed = (words: readonly string[]): string =>
  words
    .filter((word) => word !== '-T')
    .map((word) => (/^[\w@.:-]+$/.test(word) ? word : quotedForAny(word)))
    .join(' ');
