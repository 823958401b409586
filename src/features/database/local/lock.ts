import { DnxError } from '../../../base/errors.ts';
import { quotedName } from '../../../base/text.ts';
import type { Credentials } from '../credentials.ts';
import { type Client, startClient, textOf } from './client.ts';
import { literal, refusal } from './sql.ts';

/**
 * Runs `work` while holding a lock of the local database server, so that no two pulls replace the same database. The server drops it
 * with the connection, so a killed dnx leaves none.
 */
export async function exclusively<T>(client: Client, work: () => Promise<T>): Promise<T> {
  const { local } = client;
  const child = await startClient(client, { steadfast: true });
  const stderr = textOf(child.stderr);
  try {
    child.stdin?.write(statementOf(local));
    for await (const chunk of child.stdout) {
      const answer = String(chunk).trim();
      if (answer === '1' || answer === 't') return await work();
      throw new DnxError('failed', `Another dnx is replacing ${quotedName(local.database)}.`, { hint: 'Try again when it is done.' });
    }
    throw refusal(await stderr, local, await child.ended);
  } finally {
    child.stdin?.end();
  }
}

/** The names of locks have at most 64 characters in MySQL, and are numbers in PostgreSQL. */
function statementOf(local: Credentials): string {
  const name = literal(`dnx db pull ${local.database}`, local);
  return local.driver === 'mysql'
    ? `SET SESSION wait_timeout = 604800;\nSELECT GET_LOCK(SHA1(${name}), 0);\n`
    : `SELECT pg_try_advisory_lock(hashtext(${name}));\n`;
}
