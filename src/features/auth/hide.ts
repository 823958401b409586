import { DnxError, isError } from '../../base/errors.ts';
import type { Api } from '../../platform/api/api.ts';

/** A shorter text is hidden only where it stands alone: it may be part of everyday words. */
const SHORTEST_SECRET = 8;

/** The API, whose failures show `***` for these texts, however often it quotes what was typed. The list may grow. */
export const hiding = (api: Api, secrets: readonly string[]): Api => {
  const hidden = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw isError(error) ? maskedError(error, secrets) : error;
    });
  return {
    ...api,
    send: (...words) => hidden(api.send(...words)),
    as: (...place) => hiding(api.as(...place), secrets),
  };
};

/** The error with `***` for these texts. */
export function maskedError(error: DnxError, secrets: readonly string[]): DnxError {
  const { message, hint, errors = {} } = error;
  const masked = (text: string) => secrets.reduce((left, secret) => left.replaceAll(patternOf(secret), '***'), text);
  const fields = Object.entries(errors).map(([field, texts]) => [masked(field), texts.map(masked)]);
  return new DnxError(error.code, masked(message), {
    ...error,
    details: error.details.map(([label, text]) => [label, masked(text)]),
    hint: hint && masked(hint),
    errors: error.errors && Object.fromEntries(fields),
    cause: error.cause,
  });
}

/** In any case: an email address may be quoted in lower case. */
function patternOf(secret: string): RegExp {
  const quoted = secret.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(secret.length < SHORTEST_SECRET ? `(?<![\\p{L}\\p{N}])${quoted}(?![\\p{L}\\p{N}])` : quoted, 'giu');
}
