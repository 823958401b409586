import type { Context } from '../../cli/language/command.ts';
import { isLoopback } from '../../machine/settings/host.ts';
import type { Machine } from './machine.ts';

/** Addresses for documentation, which the servers of the sandbox have. */
const EXAMPLE = /^203\.0\.113\.\d+$/;

/** How long ssh may take to read its configuration, in ms. */
const LIMIT_MS = 2_000;

/** Says that a server of the sandbox is no machine, unless the configuration of ssh maps its address to one. */
export async function noteExample(
  { settings, world, progress }: Pick<Context, 'progress' | 'settings' | 'world'>,
  { address }: Machine,
): Promise<void> {
  if (!EXAMPLE.test(address) || !isLoopback(new URL(settings.host).hostname)) return;
  const read = await world.capture({ file: 'ssh', args: ['-G', address], env: world.env, limitMs: LIMIT_MS }).catch(() => undefined);
  const isItself = read?.stdout.split('\n').includes(`hostname ${address}`);
  if (!isItself || /^proxy(command|jump) (?!none$)/m.test(read?.stdout ?? '')) return;
  progress.note(`The sandbox has no machine at ${address}. To try this, map the address to one in ~/.ssh/config.`);
}
