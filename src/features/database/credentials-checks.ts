import { isIPv6 } from 'node:net';
import { DnxError } from '../../base/errors.ts';
import type { Credentials } from './credentials-shape.ts';

/** Credentials whose port is not read yet. */
type Unchecked = Omit<Credentials, 'port'> & { readonly port: string };

/** Checks everything that goes into a command line, although nothing interprets it: ssh itself puts it into others. */
export function checked(given: Unchecked, site: string): Credentials {
  const { driver, host, port, socket, database, username, password } = given;
  const refuse = (key: string, value: string, problem: string) =>
    new DnxError('failed', `${key} of ${site} is ${problem}: ${JSON.stringify(value)}`, { hint: `Fix the variable, and deploy the site.` });
  if (database === '') throw new DnxError('not_found', `${site} has no DB_DATABASE.`);
  for (const [key, value] of Object.entries({ DB_DATABASE: database, DB_USERNAME: username, DB_PASSWORD: password }))
    if (value.includes('\0')) throw new DnxError('failed', `${key} of ${site} contains a NUL character.`);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw refuse('DB_PORT', port, 'not a port');
  if (socket !== undefined && !isPath(socket)) throw refuse('DB_SOCKET', socket, 'not the path of a socket');
  const checkedPort = Number(port);
  if (driver === 'pgsql' && isPath(host)) return { ...given, port: checkedPort, host: 'localhost', socket: `${host}/.s.PGSQL.${port}` };
  if (!/^[A-Za-z0-9]([A-Za-z0-9_.-]*)$/.test(host) && !isIPv6(host)) throw refuse('DB_HOST', host, 'not a host name or an IP address');
  return { ...given, port: checkedPort };
}

/** True for an absolute path that ssh reads as one. */
const isPath = (words: string): boolean => /^\/[\w./@+-]*[\w@+-]$/.test(words);
