/** The Debian package of a program or file that tests need. Throws if scripts/test-programs.mjs does not list it. */
export function packageOf(program: string): string;

/** The last line of a test run. `needs`: programs, files, and `root`. */
export function leftOut(count: number, needs: readonly string[]): string;
