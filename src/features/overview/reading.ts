import { DnxError, isStop } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { within } from '../../platform/follow/follow.ts';

/** What an overview needs. */
export type Reading = Pick<Context, 'api' | 'clock' | 'world'>;

/** The time limit for the extra requests of an overview. */
const ALLOWANCE_MS = 10_000;

/** The API with that time limit. */
export const briefApi = (ctx: Reading): Reading['api'] => within(ctx, ALLOWANCE_MS).api;

/** The result of a request, or undefined if it fails. */
export async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return undefined;
  }
}
