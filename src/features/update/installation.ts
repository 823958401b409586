import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { arch } from 'node:process';
import { repository } from '../../base/version.ts';
import { realPath } from '../../machine/files/text-file.ts';
import type { World } from '../../machine/world.ts';

interface Installation {
  /** `npm`, or `npm, in /home/ada/shop`; `executable` for one that no package manager knows. */
  readonly by: string;
  /** The command that upgrades it; undefined for such an executable. */
  readonly upgrade?: string;
  /** The path of such an executable, which `dnx upgrade` replaces. */
  readonly executable?: string;
}

const NAME = 'deploynix-cli';

/** Installers, by a part of the path of the program. Paths have slashes, on Windows too. */
const installers: readonly (readonly [part: RegExp, by: string, upgrade: string])[] = [
  [/^\/opt\/dnx\//, 'Docker', 'docker pull deploynix/dnx'],
  [/\/_npx\//, 'npx', `npx ${NAME}@latest`],
  [/\/pnpm\/dlx[-/]/, 'pnpm dlx', `pnpm dlx ${NAME}@latest`],
  [/\/Cellar\/dnx\//, 'Homebrew', 'brew upgrade dnx'],
  [/\/scoop\/apps\/dnx\//i, 'Scoop', 'scoop update dnx'],
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
  // Package managers link programs into one directory.
  const named = self.at(-1) ?? '';
  const file = realPath(named);
  const path = file.replaceAll('\\', '/');
  const [, by, upgrade] = installers.find(([part]) => part.test(path)) ?? [];
  if (by !== undefined && upgrade !== undefined) return { by, upgrade };
  if (self.length === 1) return path === '/usr/bin/dnx' ? packaged() : { by: 'executable', executable: file };
  const [, project] = /^(.*?)\/node_modules\/(.*\/)?deploynix-cli\//.exec(path) ?? [];
  if (project === undefined) return undefined;
  const [, manager, command] = managers.find(([lock]) => existsSync(join(project, lock))) ?? [];
  return manager === undefined || command === undefined ? undefined : { by: `${manager}, in ${project}`, upgrade: command };
}

/** A package of Debian or of Fedora, for which there is no repository. */
function packaged(): Installation {
  const file = (type: string) => `${repository}/releases/latest/download/dnx-linux-${arch}.${type}`;
  return existsSync('/var/lib/dpkg/info/dnx.list')
    ? { by: 'dpkg', upgrade: `curl -fsSLO ${file('deb')} && sudo dpkg --install dnx-linux-${arch}.deb` }
    : { by: 'rpm', upgrade: `sudo rpm --upgrade ${file('rpm')}` };
}
