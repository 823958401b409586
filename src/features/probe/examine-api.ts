import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SHAPES_VERSION, type Shapes } from '../../base/api-shapes.ts';
import { attempt, DnxError, systemCode, systemReason, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { bytes, counted } from '../../base/text.ts';
import { version } from '../../base/version.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { readJson, realPath, writeText } from '../../machine/files/text-file.ts';
import { DEFAULT_HOST, hostName, isLoopback } from '../../machine/settings/host.ts';
import { differences, expectationsOf, knownFields } from './expectations.ts';
import { factsOf } from './facts.ts';
import { MOST_REQUESTS, runProbe, timeNeeded } from './probe.ts';
import { type Offers, openRecorder } from './record.ts';
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
    answers: recorder.answers(file && !ctx.signal.aborted ? await agreement(ctx, recorder.offers()) : undefined),
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

/** Asks which names and words may be in the file, if there is anybody to ask. */
async function agreement({ ask }: Pick<Context, 'ask'>, { names, words }: Offers): Promise<Offers | undefined> {
  if (!ask.allowed || names.length + words.length === 0) return undefined;
  const section = (heading: string, all: readonly string[]) =>
    all.length === 0 ? [] : [heading, ...all.map((name) => ({ name, value: { name, all } }))];
  const choices = [...section('Names of fields', names), ...section('Words of statuses', words)];
  const agreed = await ask.checkbox('dnx does not know these. Which may be in the file?', choices, { none: true });
  const agreedOf = (offered: readonly string[]) => agreed.filter(({ all }) => all === offered).map(({ name }) => name);
  return { names: agreedOf(names), words: agreedOf(words) };
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
