import { usage } from '../../../base/errors.ts';
import { isMask } from '../../../base/text.ts';
import { checkHolds } from '../dotenv/dotenv.ts';
import { changesOf, type Plan } from './plan.ts';

/** Fails for values that nobody can mean, before anything is sent. */
export function requireSendable(plan: Plan): void {
  for (const { key, value } of changesOf(plan)) {
    if (value === undefined) continue;
    checkHolds(key, value);
    if (isMask(value)) throw usage(`The value of ${key} is a mask, not a value. Nothing was sent.`, 'Write the value itself.');
  }
}
