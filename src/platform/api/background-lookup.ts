import { Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';

/**
 * Looks up the addresses of a name with a resolver that ends with dnx. The system's lookup runs in a thread, for which `exit` waits: up to
 * 10 s without a network. It reads no hosts file.
 */
export const lookup: LookupFunction = (name, { all }, callback) => {
  const resolver = new Resolver();
  const found = (family: 4 | 6) => (error: Error | null, addresses: readonly string[]) => {
    const [first] = addresses ?? [];
    if (error || first === undefined) {
      if (family === 4) resolver.resolve6(name, found(6));
      else callback(error ?? new Error('no address'), '');
    } else if (all)
      callback(
        null,
        addresses.map((address) => ({ address, family })),
      );
    else callback(null, first, family);
  };
  if (name === 'localhost') found(4)(null, ['127.0.0.1']);
  else resolver.resolve4(name, found(4));
};
