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

/** Logs of requests to the live site. */
const REQUESTS: readonly Source[] = ['nginx', 'php', 'worker'];

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

/** Without what says nothing about a deployment: requests to the live site, and what the kernel killed, unless a step was killed. */
export function deploymentLines(lines: readonly Line[]): readonly Line[] {
  const own = lines.filter(({ source }) => source === 'deploy' || source === 'given');
  const killed = own.length === 0 || own.some(({ text }) => /\bkilled\b|\bSIGKILL\b|\bsignal 9\b|\b137\b/i.test(text));
  return lines.filter(({ source }) => !REQUESTS.includes(source) && (killed || source !== 'kernel'));
}

/** Without what Laravel and nginx wrote long before they wrote what the request of dnx caused. */
export function currentLines(lines: readonly Line[], now: number): readonly Line[] {
  const isCurrent = ({ at }: Line): boolean => at !== undefined && at >= now - RECENT_MS;
  const requested = ({ source }: Line): boolean => source === 'laravel' || source === 'nginx';
  if (!lines.some((line) => requested(line) && isCurrent(line))) return lines;
  return lines.filter((line) => !requested(line) || isCurrent(line));
}
