import { timeOf } from '../../../base/time.ts';

/** The time at the beginning of a line. `zoned`: the line names its time zone. */
export interface Stamp {
  readonly at: number;
  readonly zoned: boolean;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const CLOCK = '(?<time>\\d\\d:\\d\\d:\\d\\d)';

/** The formats of Laravel and ISO 8601, nginx, PHP-FPM, `dmesg -T`, and syslog. */
const FORMATS: readonly RegExp[] = [
  /^\s*\[?(?<date>\d{4}-\d\d-\d\d)[T ](?<time>\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(?<zone>Z|UTC|[+-]\d\d:?\d\d)?/,
  new RegExp(`^(?<year>\\d{4})/(?<number>\\d\\d)/(?<day>\\d\\d) ${CLOCK}`),
  new RegExp(`^\\[(?<day>\\d\\d)-${MONTH}-(?<year>\\d{4}) ${CLOCK}(?: (?<zone>UTC))?`),
  new RegExp(`^\\[\\w{3} ${MONTH} +(?<day>\\d+) ${CLOCK} (?<year>\\d{4})\\]`),
  new RegExp(`^${MONTH} +(?<day>\\d+) ${CLOCK} `),
];

/** The time of a line; undefined without one. `zone` is that of the server, `now` tells the year of syslog. */
export function stampOf(line: string, { zone, now }: { readonly zone: string; readonly now: number }): Stamp | undefined {
  const groups = FORMATS.map((format) => format.exec(line)?.groups).find(Boolean);
  if (!groups) return undefined;
  const { date = dateIn(groups, now), time = '', zone: named } = groups;
  const at = timeOf(`${date}T${time}${named ?? zone}`);
  return at === undefined ? undefined : { at, zoned: named !== undefined };
}

/** `2026-11-26`. A line of syslog without a year is from the last twelve months. */
function dateIn({ year, number, month = '', day = '' }: Readonly<Record<string, string>>, now: number): string {
  const order = number ?? String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  const rest = `${order}-${day.padStart(2, '0')}`;
  if (year !== undefined) return `${year}-${rest}`;
  const today = new Date(now + 86_400_000).toISOString();
  return `${Number(today.slice(0, 4)) - (rest > today.slice(5, 10) ? 1 : 0)}-${rest}`;
}
