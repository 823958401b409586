import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { attempt, type Detail, DnxError, type Next } from '../../base/errors.ts';
import { isObject, type JsonObject, pick, toJson } from '../../base/json.ts';
import { quoted } from '../../base/shell.ts';
import { counted, title, wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { createdId, type RecordedChange } from '../../cli/plan/record.ts';
import { where } from '../../cli/run/consent.ts';
import { readJson, writeJson } from '../../machine/files/text-file.ts';
import { callOf, type KindName, kindOf } from '../../platform/kinds.ts';
import { compared } from '../../platform/names/existing.ts';
import { called, domainKey, idIn, resourceName, type Targets } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { fieldWords, shownValue } from '../../platform/names/value.ts';
import { operations } from '../../platform/operations.ts';
import { switchesOf } from './fleet.ts';
import { type Row, type StateFile, type Unread, unreadError } from './model.ts';
import { changedLately } from './sides.ts';
import { positionIn } from './source.ts';
import { substanceOf } from './words.ts';

/** Something that a plan leaves as it is. `stuck`: the API has answered something else to it before. */
interface LeftRow {
  readonly row: Row;
  readonly why: 'must_exist' | 'fixed' | 'extra' | 'hidden' | 'stuck';
  readonly fields: readonly string[];
}

/** A change of a state file. */
export interface StateChange extends Omit<RecordedChange, 'about'> {
  /** Its targets. */
  readonly place: Targets;
  readonly row?: Row;
  /** What its response should show. */
  readonly shown?: JsonObject;
  /** Of a deployment: one that is in progress does. */
  readonly joins?: boolean;
}

/** What a state file changes, in order. */
export interface StatePlan {
  readonly changes: readonly (StateChange & RecordedChange)[];
  readonly left: readonly LeftRow[];
  /** The sites whose changes take effect with their next deployment, and which are not deployed. */
  readonly undeployed: readonly Targets[];
  /** What stands for a secret in a saved plan. */
  readonly sources: ReadonlyMap<string, string>;
}

export type Ids = Readonly<Record<string, string>>;

/** A plan that is being made. */
export type Draft = ReturnType<typeof openDraft>;

/** Opens an empty plan, which collects changes in order. */
export function openDraft() {
  const changes: (StateChange & RecordedChange)[] = [];
  const left: LeftRow[] = [];
  const sources = new Map<string, string>();
  /** The numbers of the changes that create something. */
  const creators = new Map<string, number>();
  const touched = new Map<string, { readonly place: Targets; readonly joins: boolean }>();
  /** The ids of a place. What a change of this plan creates has its number. */
  const idsOf = (place: Targets): Ids => {
    let ids: Ids = {};
    for (const [noun, { id, label }] of Object.entries(place))
      ids = { ...ids, [noun]: id === '' ? createdId(creators.get(creatorKey(noun, ids, label)) ?? 0) : id };
    return ids;
  };
  const add = (change: StateChange): number => changes.push({ ...change, about: [] });
  return {
    idsOf,
    add,
    /** Turns switches on or off. */
    act(row: Row, place: Targets, switched: JsonObject): void {
      const { kind, item: before = {} } = row;
      for (const [field, value] of Object.entries(switched)) {
        const { on, off } = kindOf(kind).switches?.[field] ?? { on: '' };
        const call = callOf('POST', kind, `/${value ? on : off}`);
        add({ call, ids: idsOf(place), body: undefined, before, place, row, shown: { [field]: value } });
      }
    },
    /** Remembers which change creates something. */
    creates: (noun: string, parents: Ids, name: string, number: number) => creators.set(creatorKey(noun, parents, name), number),
    /** The number of the change that creates something of the account. */
    creatorOf: (noun: string, name: string) => creators.get(creatorKey(noun, {}, name)),
    leave: (row: LeftRow['row'], why: LeftRow['why'], fields: readonly string[] = []) => void left.push({ row, why, fields }),
    source: (value: unknown, reference: string) => void sources.set(String(value), reference),
    /** Remembers a site that has to be deployed. `isRunning`: the deployment in progress is enough. */
    touch({ server, site }: Targets, isRunning = false): void {
      if (!server || !site) return;
      const key = `${server.id} ${domainKey(site.label)}`;
      touched.set(key, { place: { server, site }, joins: isRunning && touched.get(key)?.joins !== false });
    },
    finish(deploys: boolean): StatePlan {
      // Without a variable that must exist, the site might not run.
      const lacking = left
        .filter(({ row, why }) => row.kind === 'variable' && why === 'must_exist')
        .map(({ row }) => row.place.site?.label);
      const undeployed: Targets[] = [];
      for (const { place, joins } of touched.values())
        if (!deploys || lacking.includes(place.site?.label)) undeployed.push(place);
        else add({ call: DEPLOY, ids: idsOf(place), body: undefined, before: undefined, place, joins });
      return { changes, left, undeployed, sources };
    },
  };
}

const DEPLOY = 'POST /servers/{server}/sites/{site}/deploy';

const creatorKey = (noun: string, parents: Ids, name: string): string =>
  [noun, ...Object.values(parents), noun === 'site' ? domainKey(name) : name].join(' ');

/** A field to which the API answered something else than was sent. */
interface OtherAnswer {
  readonly kind: string;
  /** Of the resource. */
  readonly id: string | undefined;
  readonly field: string;
  readonly is: unknown;
  readonly wanted: unknown;
}

/** What the API has answered otherwise, on this machine. */
export type Answers = ReturnType<typeof openAnswers>;

/** After so many, it is not sent again. */
const ENOUGH = 2;
/** The fields that are kept; the oldest goes. */
const MOST = 1_000;

/** Opens the memory of what the API answered otherwise, so that the same is not sent again and again. It counts, and holds no values. */
export function openAnswers({ settings }: Pick<Context, 'settings'>) {
  const file = join(settings.directories.state, 'answers.json');
  const keyOf = ({ kind, id, field, is, wanted }: OtherAnswer): string => `${kind} ${id} ${field} ${digest([settings.host, is, wanted])}`;
  const read = (): JsonObject => attempt(() => readJson(file)) ?? {};
  let before: JsonObject | undefined;
  return {
    /** True if the API has answered the same to the same often enough. */
    isStuck(answer: OtherAnswer, enough = ENOUGH): boolean {
      // Once for all that a plan compares.
      before ??= read();
      return Number(before[keyOf(answer)] ?? 0) >= enough;
    },
    /** Remembers what a response to a change shows otherwise, or does not show although the list did. Returns the fields that it shows otherwise. */
    hear({ call, ids, body, row, shown: sent = {} }: StateChange, response: unknown): readonly string[] {
      if (!row) return [];
      const answer = isObject(response) ? response : {};
      const { kind, item, differences: found } = row;
      const { secrets = [] } = operations[call] ?? {};
      const wanted = isMarkedHidden(answer) ? pick(sent, (field) => !secrets.includes(field)) : sent;
      const { differences, unknown } = compared(kind, { ...answer, ...switchesOf(kind, answer) }, wanted);
      const unseen = found.filter(({ field }) => unknown.includes(field));
      for (const difference of [...differences, ...unseen]) add({ kind, id: idIn((item ?? answer).id), ...difference });
      const fields = differences.map(({ field }) => field);
      const isRenamed = !item && fields.some((field) => kindOf(kind).keys.flat().includes(field));
      if (isRenamed && isObject(body)) add(otherName(kind, ids, body));
      return fields;
    },
  };

  function add(answer: OtherAnswer): void {
    const key = keyOf(answer);
    const { [key]: count, ...others } = read();
    // Without a directory to write to, it is sent again.
    attempt(() => writeJson(file, Object.fromEntries([...Object.entries(others), [key, Number(count ?? 0) + 1]].slice(-MOST))));
  }
}

/** That the API gave something another name than was sent, so that the next comparison does not find it. */
export function otherName(kind: KindName, ids: Readonly<Record<string, string>>, body: JsonObject): OtherAnswer {
  const { keys } = kindOf(kind);
  return { kind, id: Object.values(ids).join('/'), field: 'create', is: null, wanted: pick(body, (field) => keys.flat().includes(field)) };
}

/** Two bytes of a hash: enough to tell a new value from the old one, and nothing to guess a secret by. */
const digest = (value: unknown): string => createHash('sha256').update(toJson(value)).digest('hex').slice(0, 4);

/** `redirect /old on shop.example.com (web-1)`. */
function rowTitle({ kind, place, entry, item }: Row): string {
  const label = resourceName(item ?? entry?.fields ?? {}, kind) ?? idIn(item?.id) ?? '';
  const targets: Targets = { ...place, [kind]: { id: '', label } };
  return `${called(kind, { label })}${where(targets, kind)}`;
}

const withReason = (left: readonly LeftRow[], why: LeftRow['why']): readonly LeftRow[] => left.filter((item) => item.why === why);

/** Says what a plan leaves as it is: what only a create sets, what is too much, and what the API hides. */
export async function sayLeft(ctx: Pick<Context, 'progress' | 'signal' | 'world'>, state: StateFile, left: readonly LeftRow[]) {
  const { progress } = ctx;
  for (const { row, fields } of withReason(left, 'fixed')) {
    const words = row.differences.filter(({ field }) => fields.includes(field)).map(differenceWords);
    progress.warn(`${rowTitle(row)}: ${words.join('; ')}. The API cannot change that.`);
  }
  const extra = withReason(left, 'extra').map(({ row }) => `  - ${rowTitle(row)}`);
  if (extra.length > 0) progress.note(['Only at Deploynix. To delete what can be deleted, use --delete:', ...extra].join('\n'));
  const hidden = withReason(left, 'hidden');
  if (hidden.length === 0) return;
  progress.note(
    `Not compared, because the API hides the value: ${shortened(namesOf(hidden))}. To send it, use --set-unknown NAME, or all.`,
  );
  const changed = state.path === '' ? [] : namesOf(await changedLately(ctx, state, hidden));
  const flags = changed.map((name) => ` --set-unknown ${quoted(name)}`);
  if (flags.length > 0)
    progress.note(`Changed lately in ${state.name}: ${shortened(changed)}. If that was not sent yet, use${flags.join('')}`);
}

const namesOf = (left: readonly LeftRow[]): readonly string[] => [
  ...new Set(left.map(({ row: { kind, entry } }) => resourceName(entry?.fields ?? {}, kind) ?? title(kind))),
];

function shortened(names: readonly string[]): string {
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''}`;
}

const MOST_NAMES = 10;

const differenceWords = ({ field, is, wanted }: Row['differences'][number]): string =>
  `${fieldWords(field)} is ${shownValue(is)}, not ${shownValue(wanted)}`;

/** Why not everything is as a state file says; undefined if it is. */
export function leftError(state: StateFile, left: readonly LeftRow[], unread: readonly Unread[]): DnxError | undefined {
  const unplanned = unreadError(unread, 'so not everything was planned');
  if (unplanned) return unplanned;
  const missing = withReason(left, 'must_exist');
  const stuck = withReason(left, 'stuck');
  if (missing.length + stuck.length === 0) return undefined;
  const details: readonly Detail[] = [
    ...missing.map(({ row }): Detail => {
      const file = row.entry ? positionIn(state, row.entry) : state.name;
      return [rowTitle(row), `missing, and its ${fieldWords(substanceOf(row.kind, row.entry?.fields ?? {}) ?? 'value')} is not in ${file}`];
    }),
    ...stuck.map(
      ({ row, fields }): Detail => [rowTitle(row), `Deploynix has answered otherwise before: ${fields.map(fieldWords).join(', ')}`],
    ),
  ];
  return new DnxError(
    'differences',
    `${counted(details.length, 'resource')} ${details.length === 1 ? 'is' : 'are'} not as ${state.name} says.`,
    {
      details,
      next: nextFor(missing),
    },
  );
}

/** The command that makes the first thing that has to exist. */
function nextFor([first]: readonly LeftRow[]): readonly Next[] {
  const { kind, entry, place } = first?.row ?? {};
  const { server, site, database } = place ?? {};
  const name = wordOf(entry?.fields[kind === 'variable' ? 'key' : 'username']);
  if (kind === 'variable' && site && server)
    return [{ command: ['env', 'set', name, '--from-file', 'FILE', '--site', site.label, '--server', server.label], why: 'Set it with' }];
  if (kind === 'user' && database && server)
    return [{ command: ['database-user', 'create', name, '--database', database.label, '--server', server.label], why: 'Create it with' }];
  return [];
}
