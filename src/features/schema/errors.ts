import { type ErrorCode, errorReasons, exits, humanCodes } from '../../base/errors.ts';
import { type JsonSchema, listOf, mapOf, nullable, number, objectOf, withDialect, word, words, yes } from '../../cli/language/shape.ts';

/** The error that `--json` prints on stderr, its codes with their exit codes, and its reasons. */
export function errorsSchema(): { readonly codes: object; readonly reasons: object; readonly schema: JsonSchema } {
  const reasons = {
    ...Object.fromEntries(Object.keys(exits).map((code) => [code, humanCodes.includes(code as ErrorCode)])),
    ...errorReasons,
  };
  const error = objectOf(
    {
      code: { description: 'Decides the exit code.', enum: Object.keys(exits) },
      reason: { description: 'More closely than the code, and as stable.', enum: Object.keys(reasons) },
      human: { description: 'Only a person can go on.', ...yes },
      message: word,
      status: { description: 'The HTTP status, if the API answered.', ...nullable(number) },
      errors: { description: 'The fields that the API rejected, and why.', ...nullable(mapOf(words)) },
      hint: { description: 'What to do about it.', ...nullable(word) },
      next: { description: 'Commands to run next.', ...listOf(objectOf({ command: word, why: word })) },
    },
    { stack: { description: 'Of a bug, for a report.', ...words }, dnx: word, node: word, platform: word },
  );
  return {
    codes: Object.fromEntries(Object.entries(exits).map(([code, exit]) => [code, { exit }])),
    reasons: Object.fromEntries(Object.entries(reasons).map(([reason, human]) => [reason, { human }])),
    schema: withDialect(objectOf({ error })),
  };
}
