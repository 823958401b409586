import { HIDDEN, hasCredentials, isSecretName, SECRET_TEXTS } from '../../../base/secrets.ts';
import { wordOf } from '../../../base/text.ts';

const LONGEST = 400;

const RULES: readonly (readonly [RegExp, string])[] = [
  // A variable: no value of any is shown.
  [/\b([A-Z][A-Z0-9_]{2,})=("(?:[^"\\]|\\.)*"?|'[^']*'?|\S+)/g, `$1=${HIDDEN}`],
  ...SECRET_TEXTS,
  // phpdotenv quotes the value that it cannot read.
  [/(dotenv file\. Encountered .* at \[).*(\]\.?)/g, `$1${HIDDEN}$2`],
  [/(\bPDO(?:->|::)__construct\().*/g, `$1${HIDDEN}`],
  [/((?:identified (?:by|with \S+ (?:by|as))|\bpassword)\s+)('[^']*'?)/gi, `$1${HIDDEN}`],
  // The data of a query.
  [/((?:Connection: [^,]*, )?SQL: )(?=\s*(?:insert|update|select|delete|replace|with)\b).*/gi, '$1…)'],
  [/(Duplicate entry ').*(' for key)/g, `$1${HIDDEN}$2`],
  [/(Key \([^)]*\)=\().*(\))/g, `$1${HIDDEN}$2`],
];

/** Makes a line safe to show: without secrets and values of variables, and not too long. */
export function masked(line: string, secrets: readonly string[]): string {
  const known = secrets.reduce((text, secret) => text.replaceAll(secret, HIDDEN), line);
  const text = RULES.reduce((result, [pattern, shown]) => result.replace(pattern, shown), known).trim();
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

/** The values of variables that are secret by their name, or hold a password. */
export const secretsIn = (variables: readonly { readonly key: unknown; readonly value: unknown }[]): readonly string[] =>
  variables.flatMap(({ key, value }) => {
    const text = wordOf(value);
    const secret = isSecretName(wordOf(key)) || hasCredentials(text);
    return secret && text.length >= 8 ? [text] : [];
  });
