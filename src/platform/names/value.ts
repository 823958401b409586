import { getBuiltinModule } from 'node:process';
import { hasCredentials, isSecretName } from '../../base/secrets.ts';
import { counted, inQuotes, quotedName, wordOf } from '../../base/text.ts';
import { MASK } from './existing.ts';

/** The longest value that is shown whole, in characters: three lines of a terminal. */
const LONGEST = 240;
const END = 60;

/** True for a value of which only the ends are shown. */
export const isLong = (value: unknown): boolean => wordOf(value).length > LONGEST;

/** A name for a title: the ends of a long one. */
export const titleName = (name: string): string => (isLong(name) ? `${name.slice(0, END)}…${name.slice(-END)}` : name);

/** A field in a sentence. */
export const fieldWords = (field: string): string => {
  const words = field.replaceAll('_', ' ');
  return /^[\w .:-]{1,60}$/.test(words) ? words : shownValue(field);
};

/** A value in a sentence, on one line: of a long one the ends, and what tells it from every other one. */
export function shownValue(value: unknown): string {
  if (Array.isArray(value) && value.length > 0 && !isLong(value)) return value.map(shownValue).join(', ');
  const word = wordOf(value);
  if (word.trim() === '') return word === '' ? 'not set' : inQuotes(word);
  if (word === MASK) return word;
  return keyWords(word) ?? pemWords(word) ?? (isLong(word) ? longWords(word) : quotedName(word));
}

/** The value of a field or a variable for the person who consents to it: of a secret only what tells whether it is the right one. */
export function consentedValue(name: string, value: unknown): string {
  const word = wordOf(value);
  if (word === '' || !(isSecretName(name) || hasCredentials(word))) return shownValue(value);
  // The last four of a short one would be much of it.
  return `${counted(word.length, 'character')}${word.length < 16 ? '' : `, ending in ${quotedName(word.slice(-4))}`}`;
}

// Loaded when it is needed: it takes two milliseconds, and most values are short.
const sha256 = (data: string | Buffer): Buffer => getBuiltinModule('node:crypto').createHash('sha256').update(data).digest();

const measured = (word: string): string => `(${counted(word.length, 'character')}, SHA-256 ${sha256(word).toString('hex').slice(0, 16)})`;

const longWords = (word: string): string => `${inQuotes(word.slice(0, END))} … ${inQuotes(word.slice(-END))} ${measured(word)}`;

/** A public SSH key as `ssh-keygen -lf` names it: `ssh-ed25519 SHA256:… ada@laptop`. Undefined if it starts with options, which count. */
function keyWords(word: string): string | undefined {
  const [, type = '', body = '', comment = ''] = /^((?:ssh|ecdsa|sk)-[\w@.-]+) +([\w+/]+={0,2})(?: +(.*))?$/s.exec(word.trimEnd()) ?? [];
  const blob = Buffer.from(body, 'base64');
  if (type === '' || blob.subarray(4, 4 + type.length).toString() !== type) return undefined;
  const fingerprint = sha256(blob).toString('base64').replace(/=+$/, '');
  return `${type} SHA256:${fingerprint}${comment === '' ? '' : ` ${shownValue(comment)}`}`;
}

/** PEM by its kinds and hash. */
function pemWords(word: string): string | undefined {
  if (!/^(\s*-----BEGIN [A-Z\d ]+-----\s[\w+/=\s]+-----END [A-Z\d ]+-----)+\s*$/.test(word)) return undefined;
  const kinds = [...word.matchAll(/-----BEGIN ([A-Z\d ]+)-----/g)].map(([, kind]) => kind);
  return `PEM of ${kinds.join(', ')} ${measured(word)}`;
}
