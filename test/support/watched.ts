import { seeded } from '../../src/sandbox/index.ts';
import type { Bed } from './dnx.ts';

type Sandbox = Pick<Bed, 'sandbox'>;

/** The tables that a live list printed one after the other. */
export const blocksIn = (stdout: string): string[] => stdout.split('\n\n');

/** A server of the sandbox, which a test may change. */
export function serverIn({ sandbox }: Sandbox, name: string) {
  const found = sandbox.state.servers.find((each) => each.name === name);
  if (!found) throw new Error(`the seed has ${name}`);
  return found;
}

/** The shop of the sandbox, which a test may change. */
export function shopIn({ sandbox }: Sandbox) {
  const found = sandbox.state.sites.find(({ id }) => id === seeded.sites['shop.example.com']);
  if (!found) throw new Error('the seed has the shop');
  return found;
}

/** Removes a server of the sandbox, as the dashboard does. */
export function withoutServer({ sandbox }: Sandbox, name: string): void {
  sandbox.state.servers = sandbox.state.servers.filter((each) => each.name !== name);
}
