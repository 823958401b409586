import { describe, expect, test } from 'vitest';
import { installationOf } from '../../src/features/update/installation.ts';
import { isNewer, versionIn } from '../../src/features/update/release.ts';

describe('a release', () => {
  test.each([
    ['0.2.0', '0.1.0', true],
    ['0.10.0', '0.9.9', true],
    ['1.0.0', '0.99.99', true],
    ['0.1.1', '0.1.0', true],
    ['0.1.0', '0.1.0', false],
    ['0.1.0', '0.1.1', false],
    ['0.9.9', '0.10.0', false],
    ['0.99.99', '1.0.0', false],
    ['1.0.0', '1.0.0-rc.1', true],
    ['1.0.0', '1.0.1-rc.1', false],
    ['1.0.1', '1.0.0-rc.1', true],
    ['1.0.0', '1.0.0+build.7', false],
    ['1.0.0', '1.0.0-rc.1+build.7', true],
  ])('%s is newer than %s: %s', (release, current, newer) => {
    expect(isNewer(release, current)).toBe(newer);
  });

  test.each([
    ['v1.2.3', '1.2.3'],
    ['1.2.3', '1.2.3'],
    ['v01.2.3', '1.2.3'],
    ['v1.2.3-rc.1', undefined],
    ['v1.2', undefined],
    ['v1.2.3.4', undefined],
    ['v1.2.3\n', undefined],
    ['v9999999999.0.0', undefined],
    ['', undefined],
    [7, undefined],
    [null, undefined],
  ])('the tag %j is the version %s', (tag, version) => {
    expect(versionIn(tag)).toBe(version);
  });
});

test.each([
  ['/usr/local/lib/node_modules/deploynix-cli/bin/dnx.js', 'npm install --global deploynix-cli@latest'],
  ['/home/ada/.nvm/versions/node/v24.0.0/lib/node_modules/deploynix-cli/bin/dnx.js', 'npm install --global deploynix-cli@latest'],
  ['C:\\Users\\Ada\\AppData\\Roaming\\npm\\node_modules\\deploynix-cli\\bin\\dnx.js', 'npm install --global deploynix-cli@latest'],
  ['/opt/homebrew/lib/node_modules/deploynix-cli/bin/dnx.js', 'npm install --global deploynix-cli@latest'],
  ['/opt/homebrew/Cellar/dnx/0.1.0/libexec/lib/node_modules/deploynix-cli/bin/dnx.js', 'brew upgrade dnx'],
  ['/home/linuxbrew/.linuxbrew/Cellar/dnx/0.1.0/libexec/bin/dnx.js', 'brew upgrade dnx'],
  [
    '/home/ada/.local/share/pnpm/global/5/.pnpm/deploynix-cli@0.1.0/node_modules/deploynix-cli/bin/dnx.js',
    'pnpm add --global deploynix-cli@latest',
  ],
  ['C:\\Users\\Ada\\AppData\\Local\\pnpm\\global\\5\\node_modules\\deploynix-cli\\bin\\dnx.js', 'pnpm add --global deploynix-cli@latest'],
  ['/home/ada/.config/yarn/global/node_modules/deploynix-cli/bin/dnx.js', 'yarn global add deploynix-cli@latest'],
  ['C:\\Users\\Ada\\AppData\\Local\\Yarn\\Data\\global\\node_modules\\deploynix-cli\\bin\\dnx.js', 'yarn global add deploynix-cli@latest'],
  ['/home/ada/.bun/install/global/node_modules/deploynix-cli/bin/dnx.js', 'bun add --global deploynix-cli@latest'],
  ['/home/ada/.npm/_npx/1a2b/node_modules/deploynix-cli/bin/dnx.js', 'npx deploynix-cli@latest'],
  [
    '/home/ada/.cache/pnpm/dlx/1a2b/node_modules/.pnpm/deploynix-cli@0.1.0/node_modules/deploynix-cli/bin/dnx.js',
    'pnpm dlx deploynix-cli@latest',
  ],
  ['/opt/dnx/node_modules/deploynix-cli/bin/dnx.js', 'docker pull deploynix/dnx'],
  ['/home/ada/src/dnx/bin/dnx.js', undefined],
])('the script %s is upgraded by %s', (path, command) => {
  expect(installationOf({ self: ['node', path] })?.upgrade).toBe(command);
});

test.each([
  ['/home/linuxbrew/.linuxbrew/Cellar/dnx/0.1.0/bin/dnx', 'Homebrew', 'brew upgrade dnx'],
  ['C:\\Users\\Ada\\scoop\\apps\\dnx\\current\\bin\\dnx.exe', 'Scoop', 'scoop update dnx'],
  ['/opt/dnx/bin/dnx', 'Docker', 'docker pull deploynix/dnx'],
  ['/usr/bin/dnx', 'rpm', `sudo rpm --upgrade https://github.com/deploynix/dnx/releases/latest/download/dnx-linux-${process.arch}.rpm`],
])('the executable %s was installed with %s', (path, by, upgrade) => {
  expect(installationOf({ self: [path] })).toEqual({ by, upgrade });
});

test.each(['/usr/local/bin/dnx', 'C:\\Users\\Ada\\dnx.exe'])('the executable %s replaces itself', (executable) => {
  expect(installationOf({ self: [executable] })).toEqual({ by: 'executable', executable });
});
