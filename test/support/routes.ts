import { routes } from '../../src/sandbox/index.ts';

const known = new RegExp(
  `^(?:${[...new Set(routes.map((route) => route.replace(/^\w+ /, '').replaceAll(/\{\w+\}/g, '[^/]+')))].join('|')})$`,
);

/** Fails if dnx requested what the API reference does not have: a command could take the 404 for a resource that is gone. */
export function refuseUnknownRoutes(paths: readonly string[]): void {
  const unknown = [...new Set(paths)].filter((path) => !known.test(path));
  if (unknown.length > 0) throw new Error(`requests to routes that the API reference does not have: ${unknown.join(', ')}`);
}
