import { isObject, type Reply } from '../api/reply.ts';
import { DnxError } from '../errors.ts';

const fields = ['token', 'access_token', 'plain_text_token', 'plainTextToken'];

/** The plain-text token of a login or create answer, wherever the API put it. */
export function tokenIn(reply: Reply): string {
  for (const place of [reply.body, reply.data]) {
    if (!isObject(place)) continue;
    for (const field of fields) {
      const value = place[field];
      if (typeof value === 'string' && value !== '') return value;
    }
  }
  throw new DnxError('failed', 'Deploynix answered without a token.', {
    hint: 'Create one in the dashboard, then: dnx login --with-token',
  });
}
