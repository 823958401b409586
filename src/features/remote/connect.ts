import { usage } from '../../base/errors.ts';
import { quotedForAny } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { type Result, textView } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import CONNECT from './connect.sh';
import { type Destination, everyServer, namedMembers } from './fleet.ts';
import { readMachine, readSiteOnMachine, type SiteOnMachine, siteDirectories, withoutDirectory } from './machine.ts';
import type { SiteOptions } from './options.ts';
import { sideBySide } from './side-by-side.ts';
import SITE from './site.sh';
import { literally, runSession, scripted, sshWords } from './ssh.ts';

type ConnectOptions = SiteOptions & Given<{ print: boolean; command: readonly string[] }>;

/** What --print shows instead of connect.sh: shorter, and without `$HOME`. */
const AT_PRINTED_SITE = 'cd "$1/current" 2>/dev/null || cd "$1" || exit 6; shift; exec "$@"';
const IN_PRINTED_SITE = `cd "$1/current" 2>/dev/null || cd "$1"; exec "\${SHELL:-sh}" -l`;

const NOT_FOUND = 127;

/** `dnx ssh`: an interactive login, or a command, with its exit code. */
export async function connect(ctx: Context, targets: Targets, { user, path, print, command = [] }: ConnectOptions) {
  if (targets.site) return atSite(ctx, await readSiteOnMachine(ctx, targets, user), { path, print, command });
  if (path !== undefined) throw usage('--path is for sites.', 'Use --site.');
  const machine = await readMachine(ctx, targets, user);
  const script = command.length > 0 ? literally(command) : undefined;
  if (print) await machine.check;
  if (print) return printed(sshWords(machine, script === undefined ? {} : { command: script }));
  return withHint(await runSession(ctx, machine, script), machine.server.label, command);
}

/** `dnx ssh --all` and `--on`: runs a command on several servers and sites, in the live release of a site. */
export async function connectToSeveral(
  ctx: Context,
  { on, user, path, print, command = [] }: ConnectOptions & { readonly on: string | undefined },
) {
  if (print || path !== undefined) throw usage(`--${print ? 'print' : 'path'} is for one server or site.`);
  if (command.length === 0) throw usage('Missing the command to run.', 'Add it after --.');
  const members = on === undefined ? await everyServer(ctx, user) : await namedMembers(ctx, on, user, 'both');
  const commandFor = ({ site }: Destination) =>
    site ? scripted(SITE + CONNECT, ...siteDirectories(site), withoutDirectory(site), ...command) : literally(command);
  return sideBySide(ctx, { members, noun: members.every(({ site }) => !site) ? 'servers' : 'servers and sites', commandFor });
}

async function atSite(
  ctx: Context,
  place: SiteOnMachine,
  { path, print, command }: Pick<ConnectOptions, 'path' | 'print'> & { readonly command: readonly string[] },
) {
  const directories = siteDirectories(place, path);
  const terminal = command.length === 0;
  if (print) {
    await place.machine.check;
    const script = scripted(terminal ? IN_PRINTED_SITE : AT_PRINTED_SITE, ...directories.slice(0, 1), ...command);
    return printed(sshWords(place.machine, { terminal, command: script }));
  }
  const missing = terminal ? `${withoutDirectory(place, 'note')} This is the home directory.` : withoutDirectory(place);
  const result = await runSession(ctx, place.machine, scripted(SITE + CONNECT, ...directories, missing, ...command));
  return withHint(result, place.domain, command);
}

/** Adds how to run shell code if it was given as one word, which is then no command. */
function withHint(result: Result<never>, target: string, [word = '', ...others]: readonly string[]) {
  if (result.exit !== NOT_FOUND || others.length > 0 || !/\s/.test(word)) return result;
  return {
    ...result,
    next: [{ command: ['ssh', target, '--', 'sh', '-c', word], why: 'dnx passes it as one word. For a line of shell code' }],
  };
}

/** A command line of ssh for any shell of the user. Whether a command gets a terminal is left to ssh. */
function printed(words: readonly string[]) {
  const line = words
    .filter((word) => word !== '-T')
    .map((word) => (/^[\w@.:-]+$/.test(word) ? word : quotedForAny(word)))
    .join(' ');
  return { view: textView(line, { command: line }) };
}
