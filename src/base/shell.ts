/** Quotes a word for a shell if needed. */
export const quoted = (word: string): string => (/^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** Quotes a word for any login shell: unlike sh, fish reads a backslash between single quotes. */
export const quotedForAny = (word: string): string => `'${word.replace(/['\\]/g, "'\\$&'")}'`;
