import { plain } from './dialect.ts';
import type { Story } from './story.ts';
import type { Log } from './wire.ts';

const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${ms / 1000}`);

/** Describes a story: the work of the platform, and the requests and the result of each line. */
export function describeStory({ history, platform, endings }: Story): string {
  const odd = Object.entries(history.dialect).filter(([key, value]) => value !== plain[key as keyof typeof plain]);
  const lines = [
    `dialect: ${JSON.stringify(Object.fromEntries(odd))}; before: ${history.before}; watched: ${history.watched}; pace: ${JSON.stringify(history.pace)}`,
  ];
  for (const { line, kind, askedAt, beganAt, endedAt, good, release } of platform.works) {
    const times = [askedAt, beganAt, endedAt].map(seconds).join(' ');
    lines.push(
      `${line === undefined ? 'others' : `line ${line}`}: ${kind} ${times} ${good ? 'good' : 'bad'} ${release?.name} ${release?.id}`,
    );
  }
  for (const { argv, began, ended, code, outcome, release, error, stderr, log, line, stopped } of endings) {
    lines.push(
      `dnx ${argv.join(' ')} (${seconds(began)} to ${seconds(ended)}): ${code} ${stopped ?? ''} ${outcome} ${release} ${error ?? ''}`,
    );
    if (line.events.length > 0) lines.push(`  events: ${JSON.stringify(line.events)}`);
    lines.push(...requestsIn(log));
    if (stderr) lines.push(`  ${stderr.trim().split('\n').at(-1)}`);
  }
  return lines.join('\n');
}

/** The requests of a line; repeated ones are merged. */
function requestsIn({ sent }: Log): string[] {
  const groups: { readonly words: string; readonly times: string[] }[] = [];
  for (const { method, path, at, status, shows } of sent) {
    const words = `${method} ${path.replace(/^\/servers\/[^/]+(?=\/)/, '…')} ${status ?? 'lost'}`;
    const time = `${seconds(at)}${shows === undefined || shows === at ? '' : ` (as of ${seconds(shows)})`}`;
    // Requests for the site and its releases alternate.
    const same = groups.slice(-2).find((group) => group.words === words);
    if (same) same.times.push(time);
    else groups.push({ words, times: [time] });
  }
  return groups.map(({ words, times }) => `  ${times.join(', ')}: ${words}`);
}
