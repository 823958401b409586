import { DnxError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { within } from '../../platform/follow/rules.ts';

/** What an overview is read with. */
export type Reading = Pick<Context, 'api' | 'clock' | 'world'>;

/** An overview is not worth a longer wait. */
const ALLOWANCE_MS = 10_000;

/** The API for the further requests of an overview, which end in time. */
export const inShort = (ctx: Reading): Reading['api'] => within(ctx, ALLOWANCE_MS).api;

/** An answer, or undefined where the token may not have it or Deploynix does not give it. */
export async function ifAny<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return undefined;
  }
}
