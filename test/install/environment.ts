/** This environment without what npm, dnx or CI set, as in a terminal of a user with this home directory. */
export function userEnvironment(home: string): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|DNX_|NODE_OPTIONS$|CI$|INIT_CWD$|VITEST|XDG_)/i.test(name));
  return { ...Object.fromEntries(inherited.map(([name, value]) => [name, value ?? ''])), HOME: home };
}
