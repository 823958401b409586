import type { Line, Source } from '../facts.ts';

/** What a step of a deploy script prints at its end, if it succeeded: Composer, npm, yarn, pnpm, Vite and Artisan. */
const SUCCESS: readonly RegExp[] = [
  /^Generating (?:optimized )?autoload files/,
  /^(?:added|changed) \d+ packages?\b|^up to date\b/,
  /^✨? *Done in [\d.]+m?s\b/,
  /^✓ built in /,
  /^\s*(?:INFO {2})?(?:Nothing to migrate|Running migrations)\.?$/,
  /^\s*(?:INFO {2})?(?:Configuration|Routes|Events|Blade templates) cached successfully[.!]$/,
  /^\s*\S.* \.{3,} .*\bDONE$/,
];

/** The most that Laravel and nginx may have written between the request and the reading of their logs, in ms. */
const RECENT_MS = 5 * 60_000;

/** The lines that a script got past, because a later step succeeded: failures that it retried or ignored. */
export function passedLines(lines: readonly Line[]): ReadonlySet<Line> {
  const passed = new Set<Line>();
  for (const source of ['deploy', 'given'] as const satisfies readonly Source[]) {
    const own = lines.filter((line) => line.source === source);
    const last = own.findLastIndex(({ text }) => SUCCESS.some((pattern) => pattern.test(text)));
    for (const line of own.slice(0, last + 1)) passed.add(line);
  }
  return passed;
}

/** Without what Laravel and nginx wrote long before they wrote what the request of dnx caused. */
export function currentLines(lines: readonly Line[], now: number): readonly Line[] {
  const isCurrent = ({ at }: Line): boolean => at !== undefined && at >= now - RECENT_MS;
  const requested = ({ source }: Line): boolean => source === 'laravel' || source === 'nginx';
  if (!lines.some((line) => requested(line) && isCurrent(line))) return lines;
  return lines.filter((line) => !requested(line) || isCurrent(line));
}
