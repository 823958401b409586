import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../machine/world.ts';

/** How dnx was installed. */
interface Installation {
  /** `npm`, or `npm, in /home/ada/shop`; `executable` for one that no package manager knows. */
  readonly by: string;
  /** The command that upgrades it; undefined for such an executable. */
  readonly upgrade: string | undefined;
}

const NAME = 'deploynix-cli';

/** Installers, by a part of the path of the program. Paths have slashes, on Windows too. */
const installers: readonly (readonly [part: RegExp, by: string, upgrade: string])[] = [
  [/^\/opt\/dnx\/node_modules\//, 'Docker', 'docker pull deploynix/dnx'],
  [/\/_npx\//, 'npx', `npx ${NAME}@latest`],
  [/\/pnpm\/dlx[-/]/, 'pnpm dlx', `pnpm dlx ${NAME}@latest`],
  [/\/Cellar\/dnx\//, 'Homebrew', 'brew upgrade dnx'],
  [/\/pnpm\/global\//i, 'pnpm', `pnpm add --global ${NAME}@latest`],
  [/\/yarn\/(Data\/)?global\//i, 'Yarn', `yarn global add ${NAME}@latest`],
  [/\/\.bun\/install\/global\//, 'Bun', `bun add --global ${NAME}@latest`],
  // Without `lib` on Windows, where it is %APPDATA%\npm or the directory of Node.
  [/\/(lib|npm|nodejs)\/node_modules\/deploynix-cli\//, 'npm', `npm install --global ${NAME}@latest`],
];

/** Package managers of a project, by the lock file beside node_modules. The last one needs none. */
const managers: readonly (readonly [lock: string, by: string, upgrade: string])[] = [
  ['pnpm-lock.yaml', 'pnpm', `pnpm add --save-dev ${NAME}@latest`],
  ['yarn.lock', 'Yarn', `yarn add --dev ${NAME}@latest`],
  ['bun.lock', 'Bun', `bun add --dev ${NAME}@latest`],
  ['bun.lockb', 'Bun', `bun add --dev ${NAME}@latest`],
  ['', 'npm', `npm install --save-dev ${NAME}@latest`],
];

/** How this dnx was installed, by the path of its script or executable; undefined for a clone of its repository, for example. */
export function installationOf({ self }: Pick<World, 'self'>): Installation | undefined {
  const path = realPath(self.at(-1) ?? '').replaceAll('\\', '/');
  const [, by, upgrade] = installers.find(([part]) => part.test(path)) ?? [];
  if (by !== undefined && upgrade !== undefined) return { by, upgrade };
  if (self.length === 1) return { by: 'executable', upgrade: undefined };
  const [, project] = /^(.*?)\/node_modules\/(.*\/)?deploynix-cli\//.exec(path) ?? [];
  if (project === undefined) return undefined;
  const [, manager, command] = managers.find(([lock]) => existsSync(join(project, lock))) ?? [];
  return manager === undefined || command === undefined ? undefined : { by: `${manager}, in ${project}`, upgrade: command };
}

/** The path without links: package managers link programs into one directory. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
