import { absoluteIn } from '../settings/directories.ts';
import type { Env } from '../world.ts';
import { type Bus, openBus } from './bus.ts';
import { failure } from './keychain-failure.ts';

/** Connects to the session bus of the desktop; throws if there is none. */
export async function openSessionBus(env: Env): Promise<Bus> {
  const runtime = absoluteIn(env, 'XDG_RUNTIME_DIR');
  const address = env.DBUS_SESSION_BUS_ADDRESS || (runtime && `unix:path=${runtime}/bus`);
  if (!address) throw failure('No keychain available: no D-Bus session bus (neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set)');
  // Uses the first address that accepts a connection. Only Unix sockets are supported.
  for (const path of address.split(';').map(socketPath)) {
    const bus = path === undefined ? undefined : await openBus(path);
    if (bus) return bus;
  }
  throw failure(`No keychain available: no D-Bus session bus at ${address}`);
}

/** `unix:path=/run/user/1000/bus,guid=…`, with %xx escapes; `unix:abstract=…` is a name that begins with NUL. */
function socketPath(address: string): string | undefined {
  const [, kind, value = ''] = /^unix:(?:.*,)?(path|abstract)=([^,]*)/.exec(address) ?? [];
  try {
    return value === '' ? undefined : (kind === 'abstract' ? '\0' : '') + decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
