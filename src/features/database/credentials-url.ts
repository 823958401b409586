import { DnxError } from '../../base/errors.ts';
import type { Values } from './credentials-shape.ts';

/** What a URL such as `mysql://user:password@host:3306/shop` says, which Laravel prefers to the other variables. */
interface Parts {
  readonly connection?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly socket?: string | undefined;
  readonly database?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** Laravel's names for the drivers in URLs. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['mssql', 'sqlsrv'],
  ['mysql2', 'mysql'],
  ['postgres', 'pgsql'],
  ['postgresql', 'pgsql'],
  ['sqlite3', 'sqlite'],
]);

const shape = /^([a-z][\w+.-]*):\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?(?:#.*)?$/is;

/** The parts of `DB_URL`, or of `DATABASE_URL`, which it was before Laravel 11. Never quotes a URL, which has a password. */
export function partsOf({ DB_URL, DATABASE_URL }: Values, site: string): Parts {
  const [name, url] = DB_URL ? ['DB_URL', DB_URL] : ['DATABASE_URL', DATABASE_URL];
  if (!url) return {};
  const [all, scheme = '', authority = '', path, query] = shape.exec(url) ?? [];
  if (all === undefined) throw new DnxError('failed', `${name} of ${site} is not a valid URL.`);
  const at = authority.lastIndexOf('@');
  const [, username, password] = at < 0 ? [] : (/^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, at)) ?? []);
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? [];
  if (host === undefined) throw new DnxError('failed', `${name} of ${site} is not a valid URL.`);
  return {
    connection: aliases.get(scheme.toLowerCase()) ?? scheme.toLowerCase(),
    host: decoded(host.replace(/^\[(.*)\]$/, '$1')),
    port: port || undefined,
    socket: new URLSearchParams(query).get('unix_socket') ?? undefined,
    database: decoded(path),
    username: decoded(username),
    password: decoded(password),
  };
}

/** Percent-decodes as PHP does, which leaves alone what is not encoded. Undefined if empty. */
const decoded = (words: string | undefined): string | undefined =>
  words?.replace(/(?:%[\da-f]{2})+/gi, (encoded) => Buffer.from(encoded.replaceAll('%', ''), 'hex').toString()) || undefined;
