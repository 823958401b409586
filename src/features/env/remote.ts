import { isError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { isMask } from '../../base/mask.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Reply } from '../../platform/api/reply.ts';
import { withoutSecrets } from '../auth/hide.ts';
import { type Side, UNKNOWN } from './sync/plan.ts';

/** Fields by which an API marks a value that it does not show. */
const MARKS = ['masked', 'is_masked', 'hidden', 'is_hidden', 'redacted', 'is_redacted', 'secret', 'is_secret'] as const;

/** The variables at Deploynix, without the hidden values. Of two with the same key, the first counts. */
export function remoteSide(variables: readonly unknown[]): Side {
  const side = new Map<string, string | typeof UNKNOWN>();
  for (const each of variables) {
    if (!isObject(each) || typeof each.key !== 'string' || each.key === '' || side.has(each.key)) continue;
    side.set(each.key, valueIn(each));
  }
  return side;
}

function valueIn(variable: Readonly<Record<string, unknown>>): string | typeof UNKNOWN {
  const { value } = variable;
  if (MARKS.some((mark) => [true, 1, '1', 'true'].includes(variable[mark] as string))) return UNKNOWN;
  if (value === null || value === undefined || typeof value === 'object') return UNKNOWN;
  const text = wordOf(value);
  return isMask(text) ? UNKNOWN : text;
}

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
