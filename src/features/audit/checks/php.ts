import { wordOf } from '../../../base/text.ts';

/**
 * The last day of security fixes of each version.
 * Source: https://www.php.net/supported-versions.php and https://www.php.net/eol.php, read for 7.4 to 8.4 in 2025.
 * 8.5 was released in November 2025; its date follows from the policy of four years that end on 31 December.
 */
const ENDS: Readonly<Record<string, string>> = {
  '7.4': '2022-11-28',
  '8.0': '2023-11-26',
  '8.1': '2025-12-31',
  '8.2': '2026-12-31',
  '8.3': '2027-12-31',
  '8.4': '2028-12-31',
  '8.5': '2029-12-31',
};

/** The newest version that Deploynix is known to offer. */
export const NEWEST_OFFERED = '8.4';

const DAY_MS = 86_400_000;

/** The support of a PHP version. */
interface Support {
  /** `8.1`. */
  readonly version: string;
  /** The last day with security fixes; undefined for versions older than 7.4. */
  readonly lastDay: string | undefined;
  /** Full days until then; negative once it has ended. */
  readonly daysLeft: number;
}

/** The support of a version as the API writes it: `8.3`, `php8.3`, `8.3.14` or `83`. Undefined if it is unknown or too new for the table. */
export function supportOf(version: unknown, now: number): Support | undefined {
  const [, major, minor] = /^(?:php[-_ ]?)?([5-9])\.?(\d)(?:\.\d+)?$/i.exec(wordOf(version).trim()) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const name = `${major}.${minor}`;
  const lastDay = ENDS[name];
  if (lastDay === undefined) return Number(name) < 7.4 ? { version: name, lastDay, daysLeft: Number.NEGATIVE_INFINITY } : undefined;
  return { version: name, lastDay, daysLeft: Math.floor((Date.parse(`${lastDay}T23:59:59Z`) - now) / DAY_MS) };
}
