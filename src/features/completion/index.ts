import type { Tree } from '../../cli/language/command.ts';
import { bash } from './bash.ts';
import { fish } from './fish.ts';
import { modelOf } from './model.ts';
import { powershell } from './powershell.ts';
import { zsh } from './zsh.ts';

const writers = { bash, zsh, fish, powershell };

/** A supported shell. */
export type Shell = keyof typeof writers;

/** The supported shells. */
export const shells = Object.keys(writers) as readonly Shell[];

/** The file name that each shell expects. */
export const files: Readonly<Record<Shell, string>> = { bash: 'dnx.bash', zsh: '_dnx', fish: 'dnx.fish', powershell: 'dnx.ps1' };

/** The completion script for a shell. */
export const completionScript = async (shell: Shell, tree: Tree): Promise<string> => writers[shell](await modelOf(tree));
