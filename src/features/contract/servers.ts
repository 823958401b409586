import { isObject, type JsonObject, own } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';

/** The path of the first server of an operation, its path item or the document: `/api/v1`. It prefixes the path. */
export function serverPath(...owners: readonly JsonObject[]): string {
  const servers = owners.map((owner) => owner.servers).find((each) => Array.isArray(each) && each.length > 0);
  const server: unknown = Array.isArray(servers) ? servers[0] : undefined;
  if (!isObject(server)) return '';
  const variables = isObject(server.variables) ? server.variables : {};
  const url = wordOf(server.url).replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = own(variables, name);
    return isObject(variable) ? wordOf(variable.default) : '';
  });
  const path = url.replace(/^(\w+:)?\/\/[^/]*/, '').replace(/\/+$/, '');
  return path === '' || path.startsWith('/') ? path : `/${path}`;
}
