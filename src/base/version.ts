import { engines, version as packaged, repository as source } from '../../package.json';

/** The version of dnx. */
export const version: string = packaged;

/** The repository of dnx: `https://github.com/owner/name`. */
export const repository: string = source.url.replace(/^git\+|\.git$/g, '');

/** The supported range of Node releases, from package.json. */
export const supportedNode: string = engines.node;

/** True for a release of Node in that range. Understands `^20.19.0` and `>=24.0.0`, joined by `||`. */
export function supportsNode(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return supportedNode.split('||').some((range) => {
    const [, operator, line = '0', least = '0'] = /(\^|>=)(\d+)\.(\d+)/.exec(range) ?? [];
    return (major === Number(line) && minor >= Number(least)) || (operator === '>=' && major > Number(line));
  });
}
