import { isIPv6 } from 'node:net';
import { type FarEnd, type Forward, forwardTo } from '../remote/forward.ts';
import type { Machine } from '../remote/machine.ts';
import type { Credentials } from './credentials.ts';

/** The first local ports to try, which look like those of the databases. */
const firsts: Readonly<Record<Credentials['driver'], number>> = { mysql: 33_060, pgsql: 54_320 };

/** What makes a database answer before anyone signs in: MySQL speaks first, PostgreSQL is asked whether it has TLS. */
const hellos: Readonly<Record<Credentials['driver'], Uint8Array>> = {
  mysql: new Uint8Array(),
  pgsql: new Uint8Array([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]),
};

/** A database as its server reaches it. */
export const databaseEnd = ({ driver, socket, host, port, database, source }: Credentials): FarEnd => ({
  name: database,
  address: socket ?? `${isIPv6(host) ? `[${host}]` : host}:${port}`,
  first: firsts[driver],
  hello: hellos[driver],
  title: 'the database',
  hint: `Check that the database is running, and DB_HOST and DB_PORT (from ${source}).`,
});

/** Forwards a local port to a database, and resolves once the database answers. */
export function openForward(
  ctx: Parameters<typeof forwardTo>[0],
  machine: Machine,
  credentials: Credentials,
  options: Parameters<typeof forwardTo>[3],
): Promise<Forward> {
  return forwardTo(ctx, machine, databaseEnd(credentials), options);
}
