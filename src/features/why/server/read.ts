import { DnxError, isStop } from '../../../base/errors.ts';
import { duration } from '../../../base/time.ts';
import type { Context } from '../../../cli/language/command.ts';
import { commandLine } from '../../../cli/run/line.ts';
import { places, type LogSource as Selected } from '../../remote/log-paths.ts';
import { type SiteOnMachine, siteDirectories } from '../../remote/machine.ts';
import { readSections, type ScriptSection } from '../../remote/sections.ts';
import SITE from '../../remote/site.sh';
import type { Log, Source, UnknownPart } from '../facts.ts';
import { type Clocks, logOf, textIn } from '../logs/text.ts';
import HEALTH from './health.sh';
import NAMES from './names.sh';
import { serverStateIn } from './state.ts';
import WHY from './why.sh';

const LIMIT_MS = 20_000;

const MOST_BYTES = 256 * 1024;

/**
 * Reads state and logs of a server in one connection. Fails only if a signal ends it. `release`: the failed one, empty if unknown; `path`:
 * the directory of the site, if not the usual one.
 */
export async function readServer(
  ctx: Context,
  place: SiteOnMachine,
  wanted: { readonly release: string; readonly php: string; readonly path: string | undefined },
) {
  const release = /^\w[\w.-]*$/.test(wanted.release) ? wanted.release : '';
  const php = /^\d+(\.\d+)?$/.test(wanted.php) ? wanted.php : '';
  const paths = logPaths(place.domain, release, php);
  const args = [...siteDirectories(place, wanted.path), release, php, String(MOST_BYTES), ...paths];
  try {
    const sections = await readSections(ctx, place.machine, SITE + NAMES + HEALTH + WHY, args, LIMIT_MS);
    return understood(sections, release, ctx.clock.now());
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return { machine: null, logs: [], unknown: [unreachable(error, ctx.settings, LIMIT_MS)] };
  }
}

/** What is unknown without a connection, and what to do about it. */
export function unreachable(error: DnxError, settings: Context['settings'], limitMs: number): UnknownPart {
  const why = error.code === 'timed_out' ? `the server did not answer over SSH in ${duration(limitMs)}` : error.message.replace(/\.$/, '');
  return { what: 'server logs and state', why, fix: fixOf(error, settings) };
}

function fixOf({ hint, next: [first] }: DnxError, settings: Context['settings']): string | null {
  const command = first && commandLine(first.command, settings);
  return [hint?.replace(/\.$/, ''), command].filter(Boolean).join('. Then: ') || null;
}

function understood(sections: readonly ScriptSection[], release: string, now: number) {
  const clocks = clocksIn(sections, now);
  if (!sections.some(({ name }) => name === 'site'))
    return { machine: null, logs: [], unknown: [{ what: 'server logs and state', why: 'the server ran no command over SSH', fix: null }] };
  const machine = serverStateIn(sections);
  const logs = new Map<string, Log | UnknownPart>();
  for (const section of sections) {
    const file = section.words.at(section.name === 'refused' ? 0 : 1) ?? '';
    if (section.name === 'log' && !logs.has(file)) logs.set(file, logIn(section, release, clocks));
    if (section.name === 'denied') logs.set(file, { what: file, why: 'this user cannot read it', fix: null });
    if (section.name === 'refused') logs.set(file, { what: file, why: 'Laravel cannot read it', fix: null });
  }
  const kernel = sections.find(({ name }) => name === 'kernel')?.body.toString('utf8') ?? '';
  const all = [...logs.values()];
  return {
    machine,
    logs: [...all.filter((log) => 'lines' in log), logOfText('kernel', kernel, clocks)],
    unknown: [
      ...all.filter((log) => 'why' in log),
      ...(machine.root === null ? [{ what: 'directory of the site', why: 'it was not found on the server', fix: 'Use --path.' }] : []),
      ...(sections.at(-1)?.name === 'end' ? [] : [{ what: 'the rest of the server', why: 'the connection was cut', fix: null }]),
    ],
  };
}

function logIn({ words, body }: ScriptSection, release: string, clocks: Clocks): Log | UnknownPart {
  const [sourceName = '', file = '', modified = '', size = '', count = ''] = words;
  const source = Object.values(sources).find((known) => known === sourceName) ?? 'server';
  const text = textIn(body);
  if (text === undefined) return { what: file, why: 'it is not text', fix: null };
  const cut = Number(size) > MOST_BYTES && body.length === MOST_BYTES;
  const before = count === '' ? undefined : Math.max(0, Number(count) - (text.match(/\n/g)?.length ?? 0));
  return logOf(
    {
      source,
      file,
      text,
      modified: modified === '' ? undefined : Number(modified) * 1000,
      skipped: cut ? before : 0,
      cut,
      ofRelease: source === 'deploy' && release !== '' && file.includes(release),
    },
    clocks,
  );
}

/** A log that is not a file: lines without numbers. */
export const logOfText = (source: Source, text: string, clocks: Clocks, ofRelease = false): Log =>
  logOf({ source, file: null, text, modified: undefined, skipped: source === 'given' ? 0 : undefined, cut: false, ofRelease }, clocks);

const sources = { deploy: 'deploy', laravel: 'laravel', nginx: 'nginx', php: 'php', daemon: 'worker' } satisfies Partial<
  Record<Selected, Source>
>;

/**
 * Source and path of each log that a site may have: the same files as in `dnx logs`, but those that tell no cause, and those with an unknown
 * name. A path is absolute, or relative to the directory of the site. A release or version is empty if it is unknown.
 */
const logPaths = (domain: string, release: string, php: string): readonly string[] =>
  Object.entries(sources).flatMap(([kind, source]) =>
    places[kind as Selected].site
      .flatMap(({ files }) => files)
      .filter((file) => !/access\.log$|\?|\/\*/.test(file))
      .filter((file) => !(file.includes('RELEASE') && release === '') && !(file.includes('PHP') && php === ''))
      .map((file) =>
        // The script looks for no names.
        file
          .replace('*', '')
          .replace(/^SITE\//, '')
          .replace(/^RELEASE\//, `releases/RELEASE/`)
          .replace('RELEASE', () => release)
          .replace('PHP', () => php)
          .replace('DOMAIN', () => domain),
      )
      .flatMap((path) => (path.startsWith('LIVE/') ? [path.replace('LIVE/', 'current/'), path.replace('LIVE/', '')] : [path]))
      .flatMap((path) => [source, path]),
  );

/** The clock of the server. Its time is `now` if it does not say. */
export function clocksIn(sections: readonly ScriptSection[], now: number): { readonly zone: string; readonly now: number } {
  const date = sections.find(({ name }) => name === 'site' || name === 'server')?.words.at(-1) ?? '';
  const [, seconds, zone = 'Z'] = /^(\d+) ([+-]\d{4})$/.exec(date) ?? [];
  return { zone, now: seconds === undefined ? now : Number(seconds) * 1000 };
}
