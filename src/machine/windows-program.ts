import { statSync } from 'node:fs';
import { win32 } from 'node:path';
import { attempt, usage } from '../base/errors.ts';
import { anyCase } from './env.ts';
import type { Env, Program } from './world.ts';

/**
 * Finds a program as PowerShell does: in the directories of PATH, never in the working directory, where a cloned repository may have
 * its own `git.exe`. Scripts for cmd are run by cmd, with arguments that it cannot interpret. Undefined if there is none.
 */
export function onWindows<P extends Program>(program: P, cwd: string, isFile = exists): P | undefined {
  const { env } = program;
  const file = pathOf(program, cwd, isFile);
  if (file === undefined) return undefined;
  if (program.verbatim || !isScript(file, env)) return { ...program, file };
  const line = [file, ...program.args].map(argument).join(' ');
  return { ...program, file: cmdOf(env), args: ['/e:ON', '/v:OFF', '/d', '/s', '/c', `"${line}"`], verbatim: true };
}

/** True for anything but an executable: cmd knows how to run it. */
function isScript(file: string, env: Env): boolean {
  const extension = win32.extname(file).toLowerCase();
  return !DIRECT.includes(extension) && extensionsIn(env).includes(extension);
}

const DIRECT = ['.exe', '.com', ''];

function pathOf({ file, env, cwd: directory }: Program, cwd: string, isFile: (path: string) => boolean): string | undefined {
  if (/^cmd(\.exe)?$/i.test(file)) return cmdOf(env);
  const named = /[\\/:]/.test(file);
  // A relative directory in PATH would be that of the repository, too.
  const directories = named ? [directory ?? cwd] : (anyCase(env, 'PATH') ?? '').split(';').map(unquoted).filter(win32.isAbsolute);
  const extended = extensionsIn(env).map((extension) => `${file}${extension}`);
  const names = win32.extname(file) === '' ? [...extended, file] : [file, ...extended];
  return directories.flatMap((directory) => names.map((name) => win32.resolve(directory, name))).find(isFile);
}

const unquoted = (directory: string): string => directory.replaceAll('"', '');

const extensionsIn = (env: Env): readonly string[] =>
  (anyCase(env, 'PATHEXT') || '.COM;.EXE;.BAT;.CMD')
    .toLowerCase()
    .split(';')
    .filter((extension) => extension.startsWith('.'));

const cmdOf = (env: Env): string =>
  anyCase(env, 'COMSPEC') || win32.join(anyCase(env, 'SYSTEMROOT') || 'C:\\Windows', 'System32', 'cmd.exe');

/**
 * One argument of a batch file, as Rust's standard library writes it since CVE-2024-24576: everything that is not plain stands between
 * quotes, a quote is doubled, so that cmd counts them right both times that it reads the line, and `%` cannot begin a variable.
 */
function argument(word: string): string {
  if (/[\r\n\0]/.test(word)) throw usage('A batch file cannot receive an argument with a line break.');
  const safe = word
    .replace(/(\\*)"/g, '$1$1""')
    .replace(/\\+$/, '$&$&')
    .replaceAll('%', '%%cd:~,%');
  return /^[\w#$*+./:?@\\-]*[\w#$*+./:?@-]$/.test(word) ? word : `"${safe}"`;
}

const exists = (path: string): boolean => attempt(() => statSync(path, { throwIfNoEntry: false }))?.isFile() === true;
