import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pid } from 'node:process';
import { quotedForAny, quotedForSh } from '../../base/shell.ts';
import { makeOwnDirectory, removePrivateDirectory } from '../../machine/files/private-directory.ts';
import type { World } from '../../machine/world.ts';

/**
 * Keeps a connected ssh from running anything until dnx says that it may: ssh runs a LocalCommand before it asks the server for anything, which
 * reads the decision from a FIFO, and ends ssh if there is none. Undefined without FIFOs, as on Windows.
 */
export async function openGate(world: Pick<World, 'capture' | 'env' | 'onExit' | 'platform'>) {
  const { capture, env, onExit } = world;
  if (world.platform === 'win32') return undefined;
  const directory = makeOwnDirectory(tmpdir(), 'dnx-gate-');
  const remove = () => removePrivateDirectory(directory);
  const forget = onExit(remove);
  const fifo = join(directory, 'decision');
  const made = await capture({ file: 'mkfifo', args: [fifo], env }).catch(() => undefined);
  const clear = () => {
    forget();
    remove();
  };
  if (made?.code !== 0) {
    clear();
    return undefined;
  }
  // For reading, too: opening it to write alone waits for ssh.
  let file: number | undefined = openSync(fifo, 'r+');
  const script = `kill -0 ${pid} && read go <${quotedForSh(fifo)}; [ "$go" = yes ] || kill "$PPID"`;
  return {
    options: ['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=exec sh -c ${quotedForAny(script)}`.replaceAll('%', '%%')],
    /** Lets ssh go on, or ends it. Nothing happens if ssh has ended. */
    decide(go: boolean): void {
      if (file !== undefined) writeSync(file, go ? 'yes\n' : 'no\n');
    },
    /** Call it once ssh has ended. */
    close(): void {
      if (file !== undefined) closeSync(file);
      file = undefined;
      clear();
    },
  };
}
