import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DnxError, systemReason } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../../machine/env.ts';
import { makePrivateDirectory, removeAbandoned, removePrivateDirectory } from '../../../machine/files/private-directory.ts';
import { git } from '../../../machine/git.ts';
import { shellCommand, type World } from '../../../machine/world.ts';

/** Opens a file in the user's editor and waits until it is closed. Throws if the editor fails or is interrupted. */
export async function openEditor({ progress, signal, world }: Context, path: string): Promise<void> {
  const editor = await editorOf(world);
  const release = progress.hold();
  try {
    const code = await world.spawn({
      ...commandOf(editor, path, world.platform),
      env: editorEnv(world),
      foreground: true,
      // A result may be redirected or piped; the editor needs the terminal.
      ...(world.stdout.isTTY !== true && { output: 'stderr' }),
    });
    signal.throwIfAborted();
    if (code === INTERRUPTED) throw new DnxError('interrupted', 'Interrupted; nothing was changed.');
    if (code !== 0) throw failed(editor, code);
  } finally {
    release();
  }
}

const INTERRUPTED = 130;

/** `$VISUAL`, `$EDITOR`, the user's editor in Git, or a usual one. It may have arguments: `code --wait`. */
async function editorOf(world: World): Promise<string> {
  const { env, platform } = world;
  const chosen = [env.VISUAL, env.EDITOR].find((item) => item !== undefined && item.trim() !== '');
  if (chosen !== undefined) return chosen;
  // Not that of the repository, which may come from someone else.
  const found = await git(world, ['config', '--global', '--get', 'core.editor']);
  const configured = found?.code === 0 ? found.stdout.trim() : '';
  return configured || (platform === 'win32' ? 'notepad' : 'exec "$(command -v nano || echo vi)"');
}

/** cmd looks for `notepad` in the working directory first, which may be a repository of someone else. */
const editorEnv = ({ env, platform }: World): World['env'] =>
  childEnv(envWithoutSecrets(env), platform === 'win32' ? { NoDefaultCurrentDirectoryInExePath: '1' } : {});

/** The editor and its file as a command of the shell, as Git runs it. With `exec`, signals reach the editor instead of the shell. */
function commandOf(editor: string, path: string, platform: NodeJS.Platform): ReturnType<typeof shellCommand> {
  // Git for Windows writes the path of an editor between single quotes, which cmd does not know.
  if (platform === 'win32') return shellCommand(`${editor.replace(/^'([^']+)'/, '"$1"')} "${path}"`, { platform });
  const single = !/[;&|<>()`\n]|^\s*\w+=/.test(editor);
  return { file: 'sh', args: ['-c', `${single ? 'exec ' : ''}${editor} "$@"`, editor, path] };
}

const NOT_RUN = [126, 127];

const failed = (editor: string, code: number): DnxError =>
  NOT_RUN.includes(code)
    ? new DnxError('failed', `Could not run the editor '${editor}'; nothing was changed.`, {
        hint: 'Set EDITOR to the command of your editor.',
      })
    : new DnxError('failed', `The editor exited with code ${code}; nothing was changed.`);

const placeOf = ({ settings, world }: Context) => ({ env: world.env, state: settings.directories.state });

/** A file that only this user can read, while dnx runs. */
export interface PrivateFile {
  readonly path: string;
  write(text: string): void;
}

/** Runs `work` with a file that only this user can read. Nothing of it is left afterwards, however dnx ends, except by SIGKILL. */
export async function withPrivateFile<T>(ctx: Context, name: string, text: string, work: (file: PrivateFile) => Promise<T>): Promise<T> {
  let directory: string | undefined;
  const remove = () => {
    if (directory !== undefined) removePrivateDirectory(directory);
  };
  const forget = ctx.world.onExit(remove);
  try {
    directory = written(() => makePrivateDirectory(placeOf(ctx)));
    const path = join(directory, name);
    const write = (next: string) => written(() => writeFileSync(path, next, { mode: 0o600 }));
    write(text);
    return await work({ path, write });
  } finally {
    forget();
    remove();
  }
}

function written<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const reason = systemReason(cause);
    if (reason === undefined) throw cause;
    throw new DnxError('failed', `Could not write a file for the editor: ${reason}.`, { cause });
  }
}

/** Removes the files that killed processes left behind. */
export const removeLeftFiles = (ctx: Context): void => removeAbandoned(placeOf(ctx), ctx.clock);
