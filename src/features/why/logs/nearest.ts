import type { Line, Source } from '../facts.ts';
import type { Incident } from '../incident.ts';

/** What a line says that is about a failure. */
const FAILURE =
  /\b(error|fail(ed|ure|s)?|fatal|exception|denied|refused|cannot|can't|could not|unable|not found|killed|abort(ed)?|invalid|missing|critical|panic)\b/i;

/** The most lines to show. */
const MOST = 3;

/** The logs by how much they say about a failure, the best first. */
const ORDER: readonly Source[] = ['given', 'deploy', 'laravel', 'php', 'nginx', 'kernel', 'server', 'worker'];

/** The lines that are nearest to an unknown failure: the last ones of the best log that speak of one, or its last ones. */
export function nearestLines(lines: readonly Line[], { kind }: Pick<Incident, 'kind'>): readonly Line[] {
  for (const source of ORDER) {
    const own = lines.filter((line) => line.source === source && !/^#\d+ |^\[stacktrace\]|^"\}/.test(line.text.trim()));
    const telling = own.filter(({ text }) => FAILURE.test(text));
    if (telling.length > 0) return telling.slice(-MOST);
    if (own.length > 0 && kind === 'deployment' && ['given', 'deploy'].includes(source)) return own.slice(-MOST);
  }
  return [];
}
