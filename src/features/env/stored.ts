import { isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Reply } from '../../platform/api/api.ts';
import { withoutSecrets } from '../auth/hide.ts';
import { remoteSide } from './sync/remote-side.ts';

interface Sent {
  readonly key: string;
  readonly value: string;
}

/** Sends a variable. Warns if the API stored another value, such as a trimmed one. A rejection does not quote the value. */
export async function stored({ progress }: Pick<Context, 'progress'>, { key, value }: Sent, send: () => Promise<Reply>): Promise<Reply> {
  const reply = await send().catch((error: unknown) => {
    throw unquoted(error, value);
  });
  const shown = remoteSide([reply.data]).get(key);
  if (typeof shown === 'string' && shown !== value) progress.warn(`Deploynix stored another value for ${key} than was sent.`);
  return reply;
}

/** An error of the API, without a value that it quotes. */
export const unquoted = (error: unknown, value: string): unknown =>
  isError(error) && value !== '' ? withoutSecrets(error, [value]) : error;
