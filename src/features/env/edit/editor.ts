import { DnxError } from '../../../base/errors.ts';
import type { Context } from '../../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../../machine/env.ts';
import { git } from '../../../machine/git.ts';
import { shellCommand, type World } from '../../../machine/world.ts';

type EditorContext = Pick<Context, 'progress' | 'signal' | 'world'>;

/** Opens a file in the user's editor and waits until it is closed. Throws if the editor fails or is interrupted. */
export async function openEditor({ progress, signal, world }: EditorContext, path: string): Promise<void> {
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

/** The exit code of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** `$VISUAL`, `$EDITOR`, the user's editor in Git, or a usual one. It may have arguments: `code --wait`. */
async function editorOf(world: World): Promise<string> {
  const { env, platform } = world;
  const own = [env.VISUAL, env.EDITOR].find((each) => each !== undefined && each.trim() !== '');
  if (own !== undefined) return own;
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

/** The shell's exit codes for a program that cannot be run. */
const NOT_RUN = [126, 127];

const failed = (editor: string, code: number): DnxError =>
  NOT_RUN.includes(code)
    ? new DnxError('failed', `Could not run the editor '${editor}'; nothing was changed.`, {
        hint: 'Set EDITOR to the command of your editor.',
      })
    : new DnxError('failed', `The editor exited with code ${code}; nothing was changed.`);
