import type { Tree } from '../../cli/language/command.ts';
import { bash } from './bash.ts';
import { fish } from './fish.ts';
import { modelOf } from './model.ts';
import { powershell } from './powershell.ts';
import { zsh } from './zsh.ts';

const writers = { bash, zsh, fish, powershell };

/** A shell for which there is a completion. */
export type Shell = keyof typeof writers;

/** The shells for which there is a completion. */
export const shells = Object.keys(writers) as readonly Shell[];

/** The file of each shell's script, as its directory of completions wants it named. */
export const files: Readonly<Record<Shell, string>> = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

/** The completion script of a shell, made from the tree of commands. */
export const completionScript = async (shell: Shell, tree: Tree): Promise<string> => writers[shell](await modelOf(tree));
