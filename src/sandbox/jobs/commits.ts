import { createHash } from 'node:crypto';

const messages = [
  'Cache the category tree for ten minutes',
  'Fix rounding of VAT in the order summary',
  'Upgrade to Laravel 12',
  'Show delivery dates in the cart',
  'Queue invoice mails instead of sending them inline',
  'Add an index on orders.customer_id',
  'Retry webhooks of the payment provider',
  'Drop support for the old checkout',
  'Translate the error pages',
  'Limit login attempts per address',
];

/** The commit fields of a release or webhook. */
interface Commit {
  commit_hash: string;
  commit_message: string;
}

/** A deterministic commit for a name. */
export function commitOf(name: string): Commit {
  const digest = createHash('sha1').update(name).digest();
  return { commit_hash: digest.toString('hex'), commit_message: messages[digest.readUInt8(0) % messages.length] ?? 'Update' };
}
