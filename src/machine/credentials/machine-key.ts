import { randomBytes } from 'node:crypto';

const BYTES = 32;

/** A place that keeps a text: an account of the keychain, or a file. */
export interface KeyPlace {
  read(): Promise<string | undefined> | string | undefined;
  write(text: string): Promise<void> | void;
}

/** The random key in a place; undefined if there is none, or it is damaged. */
export async function keyAt(place: Pick<KeyPlace, 'read'>): Promise<Buffer | undefined> {
  const word = (await place.read())?.trim() ?? '';
  return /^[\da-f]{64}$/.test(word) ? Buffer.from(word, 'hex') : undefined;
}

/** The same, created if there is none. Undefined if the place silently drops it. Only one process may do this at a time. */
export async function keptKeyAt(place: KeyPlace): Promise<Buffer | undefined> {
  const known = await keyAt(place);
  if (known) return known;
  await place.write(randomBytes(BYTES).toString('hex'));
  return keyAt(place);
}
