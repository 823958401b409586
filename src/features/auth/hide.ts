import { DnxError, isError } from '../../base/errors.ts';
import { hidingSecrets } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';

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
function maskedError(error: DnxError, secrets: readonly string[]): DnxError {
  const { message, hint, errors = {} } = error;
  const masked = (text: string) => hidingSecrets(text, secrets);
  const fields = Object.entries(errors).map(([field, texts]) => [masked(field), texts.map(masked)]);
  return new DnxError(error.code, masked(message), {
    ...error,
    details: error.details.map(([label, text]) => [label, masked(text)]),
    hint: hint && masked(hint),
    errors: error.errors && Object.fromEntries(fields),
    cause: error.cause,
  });
}
