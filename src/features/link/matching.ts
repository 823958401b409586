import { isIP } from 'node:net';
import type { LinkEnvironment } from '../../machine/settings/link.ts';
import { sameName, type Target, type Targets } from '../../platform/names/names.ts';

/** True if an environment names this site, or may do so. */
export function isOf({ server, site }: LinkEnvironment, { server: its, site: target }: Targets): boolean {
  if (!target) return false;
  if (site.id === target.id) return true;
  const word = site.name ?? site.id;
  // `web-1/shop.example.com`
  const [domain, ...before] = word === undefined ? [] : word.split('/').reverse();
  const isUnknown = target.label === target.id && site.id === undefined;
  const isNamed = domain === undefined || isUnknown || sameName('site', domain, target.label) || domain === target.id;
  return isNamed && isOn({ id: server.id, name: before[0] ?? server.name }, its);
}

/** True unless the server of an environment is certainly another one. */
function isOn({ id, name }: LinkEnvironment['server'], server: Target | undefined): boolean {
  if (!server || (id === undefined && name === undefined)) return true;
  if (id === server.id || name === server.id) return true;
  // An address, or a server that was given by id, cannot be compared with a name.
  if (name === undefined || isIP(name) > 0 || isIP(server.label) > 0) return id === undefined;
  return server.label === server.id ? id === undefined : name.toLowerCase() === server.label.toLowerCase();
}
