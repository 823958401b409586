import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { abilities } from '../../base/abilities.ts';
import { type FactName, SHAPES_VERSION, type Shapes } from '../../base/api-shapes.ts';
import { attempt, DnxError, systemCode, systemReason, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { bytes, counted, isMask, wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { readJson, realPath, writeText } from '../../machine/files/text-file.ts';
import { DEFAULT_HOST, hostName, isLoopback } from '../../machine/settings/host.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { liveRelease, releasesOf } from '../deploy/release.ts';
import { differences, expectationsOf, knownFields } from './expectations.ts';
import { MOST_REQUESTS, type ProbeAnswers, runProbe, timeNeeded } from './probe.ts';
import { openRecorder } from './record.ts';
import { probeRowsOf, probeSummary, probeView } from './report.ts';

interface ProbeOptions {
  readonly server: string | undefined;
  readonly site: string | undefined;
  /** The file for the shapes. */
  readonly out: string | undefined;
  /** A site whose deployment is watched, too. */
  readonly deploy: string | undefined;
  readonly timeout: number | undefined;
}

/** Reads the API, and compares the shapes of its responses with what dnx expects. Only `--out` keeps them. */
export async function examineApi(ctx: Context, { out, deploy, timeout, server, site }: ProbeOptions, { yes }: GivenConsent) {
  const { progress, settings, tree, clock } = ctx;
  const file = out === undefined ? undefined : { name: out, path: fileFor(out, ctx) };
  progress.note(announcement(hostName(settings.host), await timeNeeded(ctx)));
  const watch = deploy === undefined ? undefined : await (await import('./watch.ts')).openWatch(ctx, { deploy, server, timeout }, yes);
  const recorder = openRecorder(await knownFields(tree));
  const { requests, answers, stopped } = await runProbe(ctx, { server, site }, recorder);
  if (stopped !== undefined) progress.warn(`${stopped} after ${counted(requests, 'request')}. The rest was not read.`);
  const { shape, failure } = (await watch?.()) ?? {};
  const shapes: Shapes = {
    version: SHAPES_VERSION,
    dnx: version,
    month: new Date(clock.now()).toISOString().slice(0, 7),
    host: hostKind(settings.host),
    answers: recorder.answers(),
    facts: factsOf(answers, settings),
    ...(shape && { watched: [shape] }),
  };
  const expectations = await expectationsOf(tree);
  const found = probeRowsOf(differences(shapes, expectations), shapes);
  const view = probeView(found);
  const summary = probeSummary(found, expectations.length, requests);
  const breaks = found.some(({ verdict }) => verdict === 'breaks') ? new DnxError('differences', summary) : undefined;
  const exit = (file && save(shapes, file, ctx)) ?? failure ?? (answers.size === 0 ? nothingRead(shapes, summary) : breaks);
  return exit ? { view, exit } : { view, note: summary };
}

/** The error of a probe that saw nothing but errors. */
function nothingRead({ answers }: Shapes, summary: string): DnxError {
  const user = answers['GET /user'];
  const isForbidden = user !== undefined && 'status' in user && user.status === 403;
  return new DnxError(isForbidden ? 'forbidden' : 'failed', `No request for what is there succeeded: ${summary}`);
}

/** What will be read. */
const announcement = (host: string, time: string): string =>
  [
    `At most ${MOST_REQUESTS} GET requests to ${host}, in ${time}: the account, its lists, one server, site and database.`,
    'They change nothing. dnx compares field names, types and status words, and asks for one row of lists with secrets.',
  ].join('\n');

/** The path of `--out`, which replaces only a file of shapes. */
function fileFor(name: string, { world }: Pick<Context, 'world'>): string {
  const path = realPath(pathToWrite(name, world));
  try {
    accessSync(join(dirname(path), '.'), constants.W_OK);
  } catch (error) {
    const reason = systemCode(error) === 'ENOENT' ? `directory ${dirname(path)} does not exist` : systemReason(error);
    throw usage(`Could not write ${name}: ${reason}.`);
  }
  const found = attempt(() => readJson<Partial<Shapes>>(path));
  if (existsSync(path) && !(found?.version === SHAPES_VERSION && isObject(found.answers)))
    throw usage(`${name} exists, and holds no shapes.`, 'Use another name, or remove it.');
  return path;
}

function hostKind(host: string): Shapes['host'] {
  return host === DEFAULT_HOST ? 'default' : isLoopback(new URL(host).hostname) ? 'loopback' : 'other';
}

/** The form of an issue that asks for the file. */
const FORM = 'https://github.com/deploynix/dnx/issues/new?template=shapes.yml';

/** Writes the file. Returns why it cannot be written: what was read is shown in any case. */
function save(shapes: Shapes, { name, path }: Record<'name' | 'path', string>, { progress }: Pick<Context, 'progress'>) {
  const text = `${readableJson(shapes)}\n`;
  try {
    writeText(path, text);
  } catch (error) {
    return new DnxError('failed', `Could not write ${name}: ${systemReason(error)}.`, { cause: error });
  }
  const next = shapes.host === 'loopback' ? 'Read it before you send it.' : `Read it, then send it: ${FORM}`;
  progress.succeeded(`Wrote ${name} (${bytes(Buffer.byteLength(text))}), which holds shapes alone. ${next}`);
  return undefined;
}

/** The widest line of a file of shapes. */
const WIDTH = 120;

/** JSON with a line for each thing that fits on one, so that a person can read it through. */
function readableJson(value: unknown, indent = '', key = ''): string {
  const line = `${key}${JSON.stringify(value)}`;
  if (typeof value !== 'object' || value === null || indent.length + line.length < WIDTH) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((each) => readableJson(each, inner))
    : Object.entries(value).map(([name, each]) => readableJson(each, inner, `${JSON.stringify(name)}: `));
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${key}${open}\n${parts.map((part) => `${inner}${part}`).join(',\n')}\n${indent}${close}`;
}

type Rows = readonly JsonObject[];

const SERVER = '/servers/{server}';
const SITE = `${SERVER}/sites/{site}`;

/** What the rows show together. In a session that hides values of variables, dnx itself has masked them. */
function factsOf(answers: ProbeAnswers, { hidesValues }: Pick<Settings, 'hidesValues'>): Shapes['facts'] {
  const answer = (path: string) => answers.get(`GET ${path}`);
  const rows = (path: string): Rows => answer(path)?.rows ?? [];
  const releases = rows(`${SITE}/releases?per_page=100`);
  const [token] = rows('/tokens?per_page=1');
  // Undefined if the rows do not tell.
  const facts: Record<FactName, boolean | undefined> = {
    'one release is live': releases.length > 0 ? liveRelease(releasesOf(releases)) !== undefined : undefined,
    'releases come newest first': areNewestFirst(releases),
    'the filter of backups filters': isFiltered(answer('/backups?status=completed&per_page=100')?.rows, rows('/backups?per_page=100')),
    'abilities are known': Array.isArray(token?.abilities) ? token.abilities.every(isKnownAbility) : undefined,
    'values of variables are shown': hidesValues ? undefined : showsValue(rows(`${SITE}/environment-variables?per_page=1`)[0]),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, holds]) => holds !== undefined));
}

function areNewestFirst(releases: Rows): boolean | undefined {
  const times = releases.map(({ created_at }) => timeOf(created_at));
  if (new Set(times).size < 2 || times.includes(undefined)) return undefined;
  return times.every((time = 0, index) => index === 0 || time <= (times[index - 1] ?? 0));
}

/** By the number of statuses, because the word of a completed backup may be another. */
function isFiltered(completed: Rows | undefined, all: Rows): boolean | undefined {
  const statuses = (backups: Rows) => new Set(backups.map(({ status }) => wordOf(status))).size;
  return completed && statuses(all) > 1 ? statuses(completed) < 2 : undefined;
}

const isKnownAbility = (ability: unknown): boolean => ability === '*' || abilities.includes(wordOf(ability));

function showsValue(variable: JsonObject | undefined): boolean | undefined {
  if (!variable || !('key' in variable) || variable.value === '') return undefined;
  return typeof variable.value === 'string' && !isMask(variable.value) && !isMarkedHidden(variable);
}
