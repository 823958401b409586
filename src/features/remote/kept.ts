import { createHash } from 'node:crypto';
import { lstatSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { systemCode } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { fileNames, makeDirectory, uniqueName } from '../../machine/files/text-file.ts';
import { absoluteIn } from '../../machine/settings/directories.ts';

/** How long it stays without use, in s. */
const PERSIST_S = 60;

/** The longest path of a socket on macOS, without its end and what ssh adds while it makes one. */
const LONGEST = 104 - 1 - 17;

const NAME = /^[\da-f]{16}\.[\da-f]{6}$/;

/** What the user set for shared connections, which stay theirs, and what must end with its command: forwards, agents, local commands. */
const NOT_KEPT =
  /^(?:control(?:master|persist) (?!(?:no|false)$)|controlpath (?!none$)|(?:local|remote|dynamic)forward |forward(?:agent|x11) (?!no$)|permitlocalcommand yes$)/m;

/** ssh 8.7 and later say so. Those before 8.5 hold stderr open for as long as the connection stays. */
const RECENT = /^sessiontype /m;

/** False on Windows, which has no such connections, and for an agent, whose access ends with its session. */
export const keepsConnections = ({ settings, world }: Context): boolean =>
  world.platform !== 'win32' && world.keepsConnections !== false && settings.session === undefined;

/**
 * How ssh uses a connection that stays open for the next one; undefined if none is kept. `configuration` is what `ssh -G` prints for a host;
 * another one, even of an option, is another connection. Each has a name of its own, so that commands that start at the same time do not
 * dispute one. If it is `joined`, ssh connects to nothing, and runs no LocalCommand. If it is lost, ssh says nothing.
 */
export async function keptConnection(configuration: string, compressed: boolean, { settings, world }: Context) {
  if (!RECENT.test(configuration) || NOT_KEPT.test(configuration)) return undefined;
  const directory = socketDirectory(world, settings.directories.state);
  if (directory === undefined) return undefined;
  const key = createHash('sha256').update(`${compressed} ${configuration}`).digest('hex').slice(0, 16);
  const names = fileNames(directory).filter((name) => NAME.test(name));
  const open = await Promise.all(names.map(async (name) => ((await isOpen(join(directory, name))) ? name : '')));
  const found = open.find((name) => name.startsWith(key));
  const socket = join(directory, found ?? `${key}.${uniqueName().slice(0, 6)}`);
  const how = found === undefined ? ['ControlMaster=yes', '-o', `ControlPersist=${PERSIST_S}`] : ['ControlMaster=no'];
  return { options: ['-S', socket, '-o', ...how], joined: found !== undefined, isLost: async () => !(await isOpen(socket)) };
}

/** A directory that only this user can reach, with a short path; undefined if there is none. */
function socketDirectory({ env }: Pick<Context['world'], 'env'>, state: string): string | undefined {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  const places = [...(runtime !== undefined && isOwn(runtime) ? [join(runtime, 'dnx')] : []), join(state, 'ssh')];
  return places.find((directory) => {
    // ssh would read these as parts of a pattern.
    if (/[%$]/.test(directory) || Buffer.byteLength(directory) + '/0123456789abcdef.012345'.length > LONGEST) return false;
    try {
      makeDirectory(directory);
      const { mode, uid } = lstatSync(directory);
      return (mode & 0o170_077) === 0o040_000 && uid === getuid?.();
    } catch {
      return false;
    }
  });
}

const isOwn = (directory: string): boolean => statSync(directory, { throwIfNoEntry: false })?.uid === getuid?.();

/** True if an ssh listens on a socket. Removes one that an ssh left that was killed. */
function isOpen(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      if (systemCode(error) === 'ECONNREFUSED') rmSync(path, { force: true });
      resolve(false);
    });
  });
}
