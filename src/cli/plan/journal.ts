import { appendFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { attempt, DnxError, isError, systemReason } from '../../base/errors.ts';
import { isObject, type JsonObject, own, toJson } from '../../base/json.ts';
import { isSecretName } from '../../base/secrets.ts';
import { flagName, hidingSecrets, wordOf } from '../../base/text.ts';
import { makeDirectory, readText } from '../../machine/files/text-file.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { type AskedBy, NetworkFault } from '../../machine/world.ts';
import type { Gate, Reply } from '../../platform/api/api.ts';
import { isSame } from '../../platform/names/match.ts';
import { idIn, namings } from '../../platform/names/names.ts';
import { createdBy, operations } from '../../platform/operations.ts';
import type { Context, TypedLine } from '../language/command.ts';
import type { Option } from '../language/options.ts';
import { takenBy } from '../language/signature.ts';
import { answeredWith, type HiddenValue, isFinal, type PlannedChange, plannedChange, replacedSecrets, withoutUserinfo } from './plan.ts';
import { openReadings, type RecordedChange, recordedOperation } from './record.ts';

/** A line of the history before a request. */
export interface SentLine {
  readonly v: 1;
  /** The same for every change of one command. */
  readonly run: string;
  /** The number of the change, from 0. */
  readonly n: number;
  readonly at: string;
  readonly host: string;
  readonly profile: string;
  /** The words after `dnx`, without secrets. */
  readonly command: readonly string[];
  /** The MCP client that asked for it. */
  readonly client?: string;
  readonly session?: string;
  readonly change: PlannedChange;
  readonly undoes?: { readonly run: string; readonly n: number };
  /** The secrets that it replaces, encrypted. */
  readonly sealed?: string;
  /** Keyed hashes of the secrets that it sends, by field. */
  readonly hashes?: Readonly<Record<string, string>>;
}

/** A line after its response. Without one, nobody knows whether the request was performed. */
export interface EndedLine extends Pick<SentLine, 'v' | 'run' | 'n'> {
  /** Null if there was no response. */
  readonly status: number | null;
  /** False if the request was certainly not sent; null if the response was lost. */
  readonly sent: boolean | null;
  readonly id: string | null;
  readonly error: string | null;
  /** What the response shows: of what it created, everything but secrets, else when it was updated. */
  readonly answer?: JsonObject;
  readonly performed?: boolean;
}

/** Where the history is. The environment of a session can move the directory, but not the history. */
export const historyDirectory = ({ session, directories }: Pick<Settings, 'session' | 'directories'>): string =>
  session?.lease?.state ?? directories.state;

/** The files of the history, the older one first. */
export const historyFiles = (state: string): readonly string[] => [join(state, 'history.old.jsonl'), join(state, 'history.jsonl')];

/** When the file becomes the older one, in bytes. */
const LIMIT = 512 * 1024;
/** A longer change is kept without its values, in bytes. */
const LONGEST = 64 * 1024;

type JournalContext = Pick<Context, 'settings' | 'clock' | 'progress' | 'nameOf' | 'world'>;

/** Writes every change into the history before it is sent, and how it ended. A failure to write is a warning. */
export function openJournal(ctx: JournalContext, line: TypedLine, asked?: AskedBy): Gate {
  const { clock, settings } = ctx;
  const { host, profile, session } = settings;
  const readings = openReadings();
  const directory = historyDirectory(settings);
  const write = writer(directory, ctx);
  const run = newId(directory, clock.now());
  const command = asked?.command ?? harmlessWords(line);
  const origin = { host, profile, command, ...(asked && { client: asked.client }), ...(session && { session: session.name }) };
  let count = 0;
  /** The changes whose response was lost. */
  const lost: { readonly body: unknown; readonly found: (item: JsonObject) => Promise<void> }[] = [];
  return {
    read: readings.add,
    async found(body, item) {
      await lost.find((change) => isSame(change.body, body))?.found(item);
    },
    async change(method, address, { body, undoes }, send) {
      const [path = ''] = address.split('?');
      const { call, ids } = recordedOperation(method, address);
      if (own(operations, call)?.signs) return send();
      const recorded = { call, ids, body, before: readings.changedBy(method, path, ids), about: [] };
      const place = { v: 1, run, n: count++ } as const;
      const { unkept, keep } = await keeping(ctx, recorded);
      const { change, harmless } = harmlessChange(recorded, address, { nameOf: ctx.nameOf, seen: readings.withId, unkept });
      const sent = { ...place, at: new Date(clock.now()).toISOString(), ...origin, change };
      await write({ ...sent, ...(undoes && { undoes }), ...keep(sent) });
      const end = (ended: Omit<EndedLine, 'v' | 'run' | 'n'>) => write({ ...place, ...ended });
      const found = (item: JsonObject) =>
        end({ status: null, sent: true, id: idIn(item.id) ?? null, error: null, ...answerIn(recorded, item), performed: true });
      try {
        const reply = await send();
        if (reply.status >= 500) lost.push({ body, found });
        await end(endedBy(reply, method, recorded, harmless));
        if (reply.status < 300 && recorded.before && isObject(body)) readings.add(path, { ...recorded.before, ...body });
        return reply;
      } catch (error) {
        lost.push({ body, found });
        const isUnsent = isError(error) && error.cause instanceof NetworkFault && !error.cause.sent;
        const words = harmless(String(error instanceof Error ? error.message : error));
        await end({ status: null, sent: isUnsent ? false : null, id: null, error: words });
        throw error;
      }
    },
  };
}

/** A change without its secrets, and a function that hides them in the words of the API, which may quote what was sent. */
function harmlessChange(
  recorded: RecordedChange,
  address: string,
  named: Pick<Parameters<typeof plannedChange>[1], 'nameOf' | 'seen' | 'unkept'>,
) {
  const [, query] = address.split('?');
  const secrets = [...new URLSearchParams(query)].flatMap(([key, value]) => (isSecretName(key) ? [value] : []));
  const hide = ({ value, shown }: HiddenValue) => {
    secrets.push(...leavesOf(value));
    return shown;
  };
  const change = short(kept(plannedChange(recorded, { ...named, known: [], created: () => undefined }, hide)));
  return { change, harmless: (text: string) => hidingSecrets(withoutUserinfo(text), secrets) };
}

function endedBy({ status, data, message = '' }: Reply, method: string, recorded: RecordedChange, harmless: (text: string) => string) {
  if (status >= 300) return { status, sent: true, id: null, error: harmless(message) };
  const id = method === 'POST' && isObject(data) ? (idIn(data.id) ?? null) : null;
  return { status, sent: true, id, error: null, ...answerIn(recorded, data) };
}

const answerIn = (recorded: RecordedChange, data: unknown): Pick<EndedLine, 'answer'> => {
  const answer = answeredWith(recorded, data);
  return answer ? { answer } : {};
};

/** What the history keeps of a change: of what cannot be taken back, only the names and ids that tell what it was. */
function kept(change: PlannedChange): PlannedChange {
  const { call, body } = change;
  if (!isFinal(call)) return change;
  const { fields = [] } = own(operations, call) ?? {};
  const keys = namings[createdBy(call) ?? '']?.keys ?? [];
  const named = Object.entries(isObject(body) ? body : {}).filter(
    ([field]) => keys.includes(field) || (fields.includes(field) && /_id$/.test(field)),
  );
  return { ...change, body: named.length > 0 ? Object.fromEntries(named) : null, before: null };
}

const leavesOf = (value: unknown): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(leavesOf) : [wordOf(value)].filter(Boolean);

/** Base 32 of Crockford, which has no letters that look like digits. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 5;
/** An odd number, so that times in a row have ids that differ from their first letter on. */
const SPREAD = 20_971_519;

function newId(directory: string, now: number): string {
  const known = historyFiles(directory).map((file) => attempt(() => readText(file)) ?? '');
  const all = LETTERS.length ** ID_LENGTH;
  for (let number = (now % all) + Math.floor(Math.random() * all); ; number++) {
    const spread = (number * SPREAD) % all;
    const id = Array.from({ length: ID_LENGTH }, (_, at) => LETTERS[Math.floor(spread / LETTERS.length ** at) % LETTERS.length]).join('');
    if (!known.some((text) => text.includes(`"run":"${id}"`))) return id;
  }
}

/** What a line keeps of secrets: those that it replaces, encrypted, and hashes of those that it sends. `unkept`: why the former are not. */
async function keeping({ settings, world, progress }: JournalContext, change: Parameters<typeof replacedSecrets>[0]) {
  const replaced = replacedSecrets(change);
  const hasReplaced = Object.keys(replaced).length > 0;
  const sent = Object.entries(isObject(change.body) ? change.body : {}).filter(([field]) =>
    own(operations, change.call)?.secrets?.includes(field),
  );
  const nothing = { unkept: undefined, keep: (): Pick<SentLine, 'sealed' | 'hashes'> => ({}) };
  if (!hasReplaced && sent.length === 0) return nothing;
  const { openVault, unkeptWords } = await import('./vault.ts');
  const vault = await openVault({ settings, world }, true);
  if ('why' in vault) {
    if (vault.failed && hasReplaced) progress.warn(`dnx undo cannot take this back. ${unkeptWords(vault.why)}`);
    return { ...nothing, unkept: unkeptWords(vault.why) };
  }
  const isLong = toJson(replaced).length > LONGEST;
  return {
    unkept: isLong ? 'Its value is too long to keep.' : undefined,
    keep: (line: SentLine) => ({
      ...(hasReplaced && !isLong && { sealed: vault.seal(line, replaced) }),
      ...(sent.length > 0 && { hashes: Object.fromEntries(sent.map(([field, value]) => [field, vault.hash(line, field, wordOf(value))])) }),
    }),
  };
}

/** Adds how a change ended that nobody knew at first. */
export function writeFound(settings: Pick<Settings, 'session' | 'directories'>, line: EndedLine): void {
  appendFileSync(historyFiles(historyDirectory(settings))[1] ?? '', `\n${toJson(line)}`, { mode: 0o600 });
}

const short = (change: PlannedChange): PlannedChange =>
  toJson(change).length > LONGEST ? { ...change, body: null, before: null } : change;

/** Appends lines, each in one write: several processes may do so at once. The line break comes first, because the line before may be cut. */
function writer(state: string, { clock, progress, settings }: JournalContext) {
  const [old = '', file = ''] = historyFiles(state);
  let writable = true;
  return async (line: SentLine | EndedLine): Promise<void> => {
    if (!writable) return;
    try {
      makeDirectory(dirname(file));
      appendFileSync(file, `\n${toJson(line)}`, { mode: 0o600 });
      if (!isFull(file)) return;
      const { locked } = await import('../../machine/files/lock.ts');
      await locked(file, { clock }, () => isFull(file) && renameSync(file, old));
    } catch (error) {
      const why = systemReason(error) ?? error;
      if (settings.session?.agent && 'change' in line)
        throw new DnxError('failed', `Could not write the history: ${why}. Nothing was sent.`);
      writable = false;
      progress.warn(`Could not write the history: ${why}.`);
    }
  };
}

const isFull = (file: string): boolean => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LIMIT;

/** The command line without what may be a secret. */
export function harmlessWords({ path, command, targets, options, fields, body, globals }: TypedLine): readonly string[] {
  const taken = takenBy(command);
  const valued = (key: string, value: unknown): readonly string[] => {
    const option = taken[key];
    if (value === true) return [flagName(key)];
    if (value === false) return [flagName(`no_${key}`)];
    const words = [value].flat().map((word, at) => {
      const text = String(word);
      // The program of another line, without what it is given.
      return option?.rest && at === 0 ? text : harmlessWord(text, key, option);
    });
    return option?.place === 'argument' ? words : words.flatMap((word) => [flagName(option?.as ?? key), word]);
  };
  return [
    ...path.split(' '),
    ...Object.entries(targets).flatMap(([noun, words]) =>
      words.map(withoutUserinfo).flatMap((word) => (noun === path.split(' ')[0] ? [word] : [flagName(noun), word])),
    ),
    ...Object.entries({ ...fields, ...options }).flatMap(([key, value]) => valued(key, value)),
    ...body.field.flatMap((word) => ['-F', (/^[^=:]+/.exec(word) ?? [''])[0]]),
    ...(body.data === undefined ? [] : ['--data']),
    ...(globals.profile === undefined ? [] : ['--profile', globals.profile]),
  ];
}

/** A word as the history keeps it: the key of a variable, the name of a file, a URL without its query and user, and no other program's line. */
export function harmlessWord(word: string, key: string, option: Option<unknown> | undefined): string {
  if (key === 'assignment') return word.split('=', 1)[0] ?? '';
  const isContent = option?.kind === 'secret' || option?.kind === 'content';
  if (isContent ? !word.startsWith('@') : option?.confidential || option?.rest || key === 'verify_cmd') return '***';
  return withoutUserinfo(word).replace(/\?.*$/s, '');
}
