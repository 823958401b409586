import { DnxError } from '../../base/errors.ts';
import type { ClientOptions } from './api.ts';
import { isReadMethod } from './endpoint.ts';
import type { Exchange } from './exchange.ts';

/** With DNX_READ_ONLY, refuses every request but GET. All requests to the API pass here, before they wait for the rate limit. */
export function guarded({ readOnly }: Pick<ClientOptions, 'readOnly'>, exchange: Exchange): Exchange {
  if (!readOnly) return exchange;
  return async (method, path, send) => {
    if (!isReadMethod(method)) throw refused(`${method} ${path.split('?', 1)[0]}`);
    return exchange(method, path, send);
  };
}

/** The error for an operation that DNX_READ_ONLY does not allow. */
export const refused = (operation: string): DnxError =>
  new DnxError('read_only', `DNX_READ_ONLY allows only GET requests. ${operation} was not sent.`, {
    hint: 'Unset DNX_READ_ONLY to allow changes.',
  });
