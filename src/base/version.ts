import { engines, version as packaged } from '../../package.json';

/** The version of dnx. */
export const version: string = packaged;

/** The releases of Node that dnx supports, as package.json states them. */
export const supportedNode: string = engines.node;

/** True for a release of Node in that range: `^20.19.0` is 20.19 and later of that line, `>=24.0.0` any later. */
export function supportsNode(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return supportedNode.split('||').some((range) => {
    const [, operator, line = '0', least = '0'] = /(\^|>=)(\d+)\.(\d+)/.exec(range) ?? [];
    return (major === Number(line) && minor >= Number(least)) || (operator === '>=' && major > Number(line));
  });
}
