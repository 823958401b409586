import { DnxError } from '../../base/errors.ts';
import type { World } from '../../machine/world.ts';
import type { Machine } from './machine.ts';

/** Addresses that no machine has (RFC 5737), such as those of the sandbox. A connection to one would hang for minutes. */
const EXAMPLE = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;

/** How long ssh may take to read its configuration, in ms. */
const LIMIT_MS = 2_000;

/** Fails for a server of the sandbox, unless the configuration of ssh maps its address to a machine. */
export async function requireMachine({ server, address }: Machine, world: Pick<World, 'capture' | 'env'>): Promise<void> {
  if (!EXAMPLE.test(address)) return;
  const read = await world.capture({ file: 'ssh', args: ['-G', address], env: world.env, limitMs: LIMIT_MS }).catch(() => undefined);
  const { stdout = '' } = read ?? {};
  if (!stdout.split('\n').includes(`hostname ${address}`) || /^proxy(command|jump) (?!none$)/m.test(stdout)) return;
  throw new DnxError('network', `Cannot connect to ${server.label}: ${address} is an example address, as in the sandbox.`, {
    hint: 'To try this, map the address to one of your machines in ~/.ssh/config.',
  });
}
