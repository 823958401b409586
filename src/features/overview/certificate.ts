import type { JsonObject } from '../../base/json.ts';
import { phaseOf, statusKey } from '../../base/status.ts';
import { wordOf } from '../../base/text.ts';
import { duration, shownTimeIn, timeOf } from '../../base/time.ts';

/** The time, and whether to print it relatively. */
export type TimeReader = Parameters<typeof shownTimeIn>[1];

/** A certificate with less time left should have been renewed. */
const SOON_MS = 14 * 86_400_000;

/** The certificate of a site in words. */
interface CertificateWords {
  /** The certificate with the latest expiry; undefined if there is none. */
  readonly certificate: JsonObject | undefined;
  /** `valid for 31d`, `expires in 3d`, `expired 2d ago`, `none`, or its status. */
  readonly words: string;
  readonly valid: boolean;
  /** Yellow if it expires soon, red if it has expired or failed. */
  readonly tone: 'yellow' | 'red' | undefined;
}

/** The certificate with the latest expiry. */
export function certificateIn(certificates: readonly JsonObject[], reader: TimeReader): CertificateWords {
  const { now, terminal } = reader;
  const [best] = certificates
    .filter(({ status }) => phaseOf(status) === 'good' || statusKey(status) === 'expired')
    .map((certificate) => ({ certificate, ends: timeOf(certificate.expires_at), word: wordOf(certificate.status) }))
    .sort((one, other) => (other.ends ?? now) - (one.ends ?? now));
  if (!best) {
    const certificate = certificates.at(-1);
    const tone = phaseOf(certificate?.status) === 'bad' ? 'red' : undefined;
    return { certificate, words: wordOf(certificate?.status) || 'none', valid: false, tone };
  }
  const { certificate, ends, word } = best;
  if (ends === undefined) {
    const valid = statusKey(word) !== 'expired';
    return { certificate, words: word, valid, tone: valid ? undefined : 'red' };
  }
  const end = shownTimeIn(new Date(ends).toISOString(), reader);
  if (ends <= now) return { certificate, words: `expired ${end}`, valid: false, tone: 'red' };
  const soon = ends - now < SOON_MS;
  const left = terminal ? `${soon ? 'expires in' : 'valid for'} ${duration(ends - now)}` : `${soon ? 'expires' : 'valid until'} ${end}`;
  return { certificate, words: left, valid: true, tone: soon ? 'yellow' : undefined };
}
