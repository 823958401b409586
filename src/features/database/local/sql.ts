import { DnxError } from '../../../base/errors.ts';
import type { Credentials } from '../credentials.ts';
import { reasonsIn } from '../remote-dump/output.ts';
import { type Client, startClient, textOf } from './client.ts';

/** How to run statements. */
interface Options {
  readonly database?: string | undefined;
}

/** Runs SQL on a local database server. */
export interface Sql {
  readonly local: Credentials;
  /** Runs statements to their end, even if dnx is told to stop, and returns what they print. Throws a `Refused` at the first error. */
  run(statements: string, options?: Options): Promise<string>;
  /** The same as rows of cells. For MySQL and MariaDB only. */
  rows(statements: string, options?: Options): Promise<readonly (readonly string[])[]>;
}

/** A local database server refused a statement, or a connection. */
export class Refused extends DnxError {}

/** Opens a local database server. */
export function openSql(client: Client): Sql {
  const { local } = client;
  const run: Sql['run'] = async (statements, options = {}) => {
    const child = await startClient(client, { ...options, steadfast: true });
    child.stdin?.end(statements);
    const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), child.ended]);
    if (code !== 0) throw refusal(stderr, local, code);
    return stdout.replace(/\n$/, '');
  };
  return {
    local,
    run,
    async rows(statements, options) {
      const output = await run(statements, options);
      return output === '' ? [] : output.split('\n').map((row) => row.split('\t').map(unescaped));
    },
  };
}

/** The error of a local client. */
export function refusal(stderr: string, local: Credentials, code: number): Refused {
  // In batch mode, the client of MariaDB prints the statement between two lines of dashes.
  const told = stderr.replace(/^-{14}\n[\s\S]*?\n-{14}\n/gm, '');
  const reasons = reasonsIn(told, local.password);
  const first = reasons.find((each) => /error|fatal|denied/i.test(each)) ?? reasons.at(-1) ?? `it ended with exit code ${code}.`;
  const access = /denied|authentication failed|Can't connect|could not connect|Connection refused/i.test(first);
  return new Refused('failed', `The local database server reported: ${first.replace(/^psql:(<stdin>:\d+: )? ?/, '')}`, {
    hint: access ? `The credentials are those of ${local.source}.` : undefined,
  });
}

/** Undoes the escapes of `--batch`. */
const unescaped = (cell: string): string =>
  cell.replace(/\\([nt0\\])/g, (_, letter: string) => ({ n: '\n', t: '\t', 0: '\0' })[letter] ?? '\\');

/** An identifier, so that no name is read as SQL. */
export const identifier = (name: string, { driver }: Pick<Credentials, 'driver'>): string =>
  driver === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`;

/** A string, so that nothing in it is read as SQL, whatever the modes of the server are. */
export const literal = (value: string, { driver }: Pick<Credentials, 'driver'>): string =>
  driver === 'mysql' ? `_utf8mb4 0x${Buffer.from(value).toString('hex')}` : `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
