import { pipeline } from 'node:stream/promises';
import { DnxError, systemCode } from '../../../base/errors.ts';
import { type Client, startClient, textOf } from '../local/client.ts';
import { refusal } from '../local/sql.ts';

/** Imports SQL into a local database as it arrives. Throws the error of the dump or of the server, whichever came first. */
export async function importInto(client: Client, database: string, dump: AsyncIterable<Buffer>): Promise<void> {
  const child = await startClient(client, { database });
  if (!child.stdin) throw new Error('The client has no input.');
  const stderr = textOf(child.stderr);
  child.stdout.resume();
  try {
    await pipeline(dump, child.stdin);
  } catch (error) {
    // If the client no longer reads, it says why.
    if (client.world.signal.aborted || !isClosed(error)) {
      child.stop();
      await child.ended;
      client.world.signal.throwIfAborted();
      throw error;
    }
  }
  const code = await child.ended;
  client.world.signal.throwIfAborted();
  if (code === 0) return;
  throw refusal(await stderr, client.local, code);
}

const isClosed = (error: unknown): boolean =>
  !(error instanceof DnxError) && ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(systemCode(error) ?? '');
