import { hasCredentials, isSecretName, SECRET_WORDS } from '../../../base/secrets.ts';
import { wordOf } from '../../../base/text.ts';

const HIDDEN = '***';
const LONGEST = 400;

const RULES: readonly (readonly [RegExp, string])[] = [
  // A variable: no value of any is shown.
  [/\b([A-Z][A-Z0-9_]{2,})=("(?:[^"\\]|\\.)*"?|'[^']*'?|\S+)/g, `$1=${HIDDEN}`],
  [/(:\/\/)[^\s'"/@]*:[^\s'"]*@/g, `$1${HIDDEN}@`],
  [/(:\/\/)[^\s'"/@:]+@/g, `$1${HIDDEN}@`],
  [/\b(bearer|basic|digest)\s+[\w.~+/=-]{6,}/gi, `$1 ${HIDDEN}`],
  [/\b((?:proxy-)?authorization|x-[\w-]*(?:key|token)|cookie|set-cookie)(["']?\s*[:=]\s*)(?!\*).+/gi, `$1$2${HIDDEN}`],
  [
    new RegExp(
      `([\\w-]*${SECRET_WORDS}[\\w-]*["']?\\s*(?:=>|[:=])\\s*)(?!(?:YES|NO)\\b)("(?:[^"\\\\]|\\\\.)*"?|'[^']*'?|[^\\s,;&)}\\]]+)`,
      'gi',
    ),
    `$1${HIDDEN}`,
  ],
  [/(--?(?:password|token|secret|auth)[ =])\S+/gi, `$1${HIDDEN}`],
  [/\b(mysql\w*|mariadb\S*)\b(.*?\s-p)(?!\s)\S+/g, `$1$2${HIDDEN}`],
  [
    /\b(?:gh[pousr]_|github_pat_|glpat-|npm_|xox[abprs]-|sk_live_|sk_test_|sk-(?:proj|ant)-|rk_live_|whsec_|SG\.|dop_v1_)[\w.-]{8,}/g,
    HIDDEN,
  ],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, HIDDEN],
  // JSON in Base64: a JWT, or a cookie of Laravel.
  [/\beyJ[\w+/=%-]{12,}(?:\.[\w-]+)*/g, HIDDEN],
  [/\b\d+\|\w{32,}/g, HIDDEN],
  [/\bbase64:[A-Za-z0-9+/=]{16,}/g, `base64:${HIDDEN}`],
  [/\$2[aby]\$\d\d\$[\w./]{20,}/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*/g, HIDDEN],
  // phpdotenv quotes the value that it cannot read.
  [/(dotenv file\. Encountered .* at \[).*(\]\.?)/g, `$1${HIDDEN}$2`],
  [/(\s(?:-u|--user)[ =]["']?[^\s:]+:)\S+/g, `$1${HIDDEN}`],
  [/(hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks)\/\S+/g, `$1/${HIDDEN}`],
  [/(api\.telegram\.org\/bot)[^/\s]+/g, `$1${HIDDEN}`],
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
