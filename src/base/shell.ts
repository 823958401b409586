/** True if the command lines that dnx prints are for Windows. */
let onWindows = false;

/** Chooses the shell of a platform: sh, or one line for both PowerShell and cmd. Call it once, before anything is quoted. */
export function quoteFor(platform: NodeJS.Platform): void {
  onWindows = platform === 'win32';
}

/** Quotes a word for the user's shell if needed. */
export const quoted = (word: string): string => (onWindows ? quotedOnWindows(word) : quotedForSh(word));

/** Quotes a word for sh if needed. */
export const quotedForSh = (word: string): string => (/^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/**
 * Double quotes are the same to PowerShell and cmd, but for PowerShell's `$` and backtick, which only single quotes take from it. To
 * PowerShell, `@` at the beginning and a comma have a meaning, too.
 */
function quotedOnWindows(word: string): string {
  if (/^[\w+=:./\\…-][\w@+=:./\\…-]*$/.test(word)) return word;
  return /[$`"]/.test(word) ? `'${word.replaceAll("'", "''")}'` : `"${word}"`;
}

/** The line that sets an environment variable: of sh, or of PowerShell. */
export const assignment = (name: string, value: string): string =>
  onWindows ? `$env:${name} = '${value.replaceAll("'", "''")}'` : `export ${name}=${quotedForSh(value)}`;

/** Quotes a word for any login shell: unlike sh, fish reads a backslash between single quotes. */
export const quotedForAny = (word: string): string => `'${word.replace(/['\\]/g, "'\\$&'")}'`;
