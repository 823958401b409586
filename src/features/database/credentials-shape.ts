/** A database server and an account, as Laravel's `DB_*` variables name them. The host is seen from the server of the site. */
export interface Credentials {
  readonly driver: 'mysql' | 'pgsql';
  /** The driver in Laravel's words, which tells MariaDB from MySQL if the site does. */
  readonly connection: 'mysql' | 'mariadb' | 'pgsql';
  /** A host name or an IP address, which no program reads as an option. */
  readonly host: string;
  readonly port: number;
  /** The path of a Unix socket on the server, to use instead of host and port; of PostgreSQL, too. */
  readonly socket: string | undefined;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** Where they were read: `Deploynix` or `.env on web-1`. */
  readonly source: string;
}

/** The variables by which Laravel finds its database. */
export const keys = [
  'DB_CONNECTION',
  'DB_HOST',
  'DB_PORT',
  'DB_SOCKET',
  'DB_DATABASE',
  'DB_USERNAME',
  'DB_PASSWORD',
  'DB_URL',
  'DATABASE_URL',
] as const;
type Key = (typeof keys)[number];

/** The values of these variables, as far as they are set. */
export type Values = Readonly<Partial<Record<Key, string | undefined>>>;
