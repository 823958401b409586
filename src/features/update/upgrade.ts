const NAME = 'deploynix-cli';

/** How to upgrade, by a part of the path of the program. Paths have slashes, on Windows too. */
const ways: readonly (readonly [part: RegExp, command: string])[] = [
  [/\/_npx\//, `npx ${NAME}@latest`],
  [/\/Cellar\/dnx\//, 'brew upgrade dnx'],
  [/\/pnpm\/global\//i, `pnpm add --global ${NAME}@latest`],
  [/\/yarn\/(Data\/)?global\//i, `yarn global add ${NAME}@latest`],
  [/\/\.bun\/install\/global\//, `bun add --global ${NAME}@latest`],
  // Without `lib` on Windows, where it is %APPDATA%\npm or the directory of Node.
  [/\/(lib|npm|nodejs)\/node_modules\/deploynix-cli\//, `npm install --global ${NAME}@latest`],
];

/** The command that upgrades the dnx at this path; undefined if that is unknown, as in a project's own node_modules. */
export function upgradeFor(script: string): string | undefined {
  const path = script.replaceAll('\\', '/');
  return ways.find(([part]) => part.test(path))?.[1];
}
