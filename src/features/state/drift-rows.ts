import { createHash } from 'node:crypto';
import { isNode } from 'yaml';
import { own, toJson } from '../../base/json.ts';
import { holdsSecret } from '../../base/secrets.ts';
import { capitalized, wordOf } from '../../base/text.ts';
import { anything, failure, nullable, number, objectOf, oneOf, type Printed, type Shape, word, yes } from '../../cli/language/shape.ts';
import { mayHoldSecret } from '../../cli/plan/plan.ts';
import { commandLine } from '../../cli/run/line.ts';
import { errorOf } from '../../cli/run/several.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { callOf, type KindName, kindNames, kindOf } from '../../platform/kinds.ts';
import { MASK } from '../../platform/names/existing.ts';
import { called, resourceName, sameName } from '../../platform/names/names.ts';
import { shownValue } from '../../platform/names/value.ts';
import { namesIn } from '../audit/finding.ts';
import { masked } from '../why/logs/mask.ts';
import {
  type Comparison,
  listWords,
  type PlaceNames,
  type Position,
  type Row,
  type StateDifference,
  type StateFile,
  type Unread,
} from './model.ts';

/** A line of a drift, as scripts get it. A value that may be a secret is masked on both sides. */
export const driftRow = objectOf(
  {
    /** What became of something that the file names. `unread`: its list could not be read. */
    outcome: oneOf('different', 'missing', 'extra', 'unknown', 'twin', 'unread'),
    server: nullable(word),
    site: nullable(word),
    database: nullable(word),
    kind: oneOf(...kindNames) as Shape<KindName>,
    name: nullable(word),
    /** As the file has it; null if only one side has the resource. */
    field: nullable(word),
    file: anything,
    deploynix: anything,
    /**
     * Which side moved since both were the same; null if nothing differs for certain. `committed`: the file, in a commit that was not applied.
     * `here`: the file, and that is not committed. `both`: the file here, and Deploynix.
     */
    side: nullable(oneOf('deploynix', 'committed', 'here', 'both', 'unknown')),
    /** The commit since which the file says it, if nothing before it says what Deploynix has. */
    commit: nullable(objectOf({ commit: word, committed_at: word, subject: word })),
    /** False if only a new resource could have the value of the file. */
    changeable: yes,
    message: word,
    line: nullable(number),
    column: nullable(number),
    fingerprint: word,
  },
  { error: failure, fix: objectOf({ command: word }) },
);
export type DriftRow = Printed<typeof driftRow>;

/** A side, and the commit since which the file says what it does. */
export type Origin = { readonly side: NonNullable<DriftRow['side']> } & Partial<Pick<DriftRow, 'commit'>>;

/** A resource that is not the same on both sides, or one of its fields, by the name of the API. */
export interface DriftPart extends Partial<StateDifference> {
  readonly row: Row;
  readonly outcome: Exclude<DriftRow['outcome'], 'unread'>;
}

/** Everything in a comparison that is not the same on both sides: a part for each field. */
export const partsOf = ({ rows }: Comparison): readonly DriftPart[] =>
  rows.flatMap((row): readonly DriftPart[] => {
    const { outcome, differences, unknown } = row;
    if (outcome === 'missing' || outcome === 'extra' || outcome === 'twin') return [{ row, outcome }];
    return [
      ...differences.map((difference) => ({ row, outcome: 'different' as const, ...difference })),
      ...unknown.map((field) => ({ row, outcome: 'unknown' as const, field })),
    ];
  });

/** True for a part in which both sides differ for certain. A twin may be wanted, and the file cannot say so. */
export const differs = ({ outcome }: Pick<DriftRow, 'outcome'>): boolean => ['different', 'missing', 'extra'].includes(outcome);

/** What has the list of a part, by the names of the file. */
export function placeOfPart({ row: { entry, place } }: DriftPart): PlaceNames {
  const labels = Object.entries(place).map(([noun, target]) => [noun, target?.label]);
  return entry?.place ?? Object.fromEntries(labels);
}

/** True for the same place. A site may be named without its server. */
export const isSamePlace = (one: PlaceNames, other: PlaceNames): boolean =>
  (['server', 'site', 'database'] as const).every((noun) => {
    const [name, otherName] = [one[noun], other[noun]];
    if (name === undefined || otherName === undefined) return name === otherName || (noun === 'server' && one.site !== undefined);
    return sameName(noun, name, otherName);
  });

/** What the file calls a field of the API. */
const nameInFile = (kind: KindName, field: string): string => own(kindOf(kind).names ?? {}, field) ?? field;

/** The words by which `--accept` names a part: its field, its resource, or both. A variable has nothing but its value. */
export function keysOf({ row: { kind, entry, item }, field }: DriftPart): readonly string[] {
  const name = resourceName(entry?.fields ?? item ?? {}, kind) ?? '';
  if (field === undefined || kind === 'variable') return [name];
  const word = nameInFile(kind, field);
  return [name, word, `${name}.${word}`];
}

const noFacts = { field: null, file: null, deploynix: null };

const namesOf = (place: Row['place']) => ({ ...namesIn(place), database: place.database?.label ?? null });

/** A part as scripts get it. */
export function rowOf(part: DriftPart, state: StateFile, origin: Origin | undefined): DriftRow {
  const { row, outcome, field, is = null, wanted = null, fixed = false } = part;
  const { kind, entry, item, place } = row;
  const resource = entry?.fields ?? item ?? {};
  const name = withoutSecrets(resourceName(resource, kind) ?? '') || null;
  const { line = null, column = null } = positionOf(state, part);
  const isPlace = kind === 'site' || kind === 'server';
  const names = { ...namesOf(place), ...(isPlace && { [kind]: name }) };
  const keys = kindOf(kind).keys.flat();
  const identity = [outcome, ...Object.values(names), kind, keys.map((key) => own(resource, key) ?? null), field ?? null];
  const [file, deploynix] = [wanted, is].map((value) => shownSide(kind, field ?? '', value));
  const shown = {
    outcome,
    ...names,
    kind,
    name,
    ...(field === undefined ? noFacts : { field: nameInFile(kind, field), file, deploynix }),
    side: origin?.side ?? (differs(part) ? ('unknown' as const) : null),
    commit: origin?.commit ?? null,
    changeable: !fixed,
    line,
    column,
    fingerprint: fingerprintOf(identity),
  };
  const what = [capitalized(called(kind, { label: name ?? '' })), kind === 'variable' ? null : shown.field].filter(Boolean).join(' ');
  const isReference = field !== undefined && field in (entry?.references ?? {}) && outcome === 'unknown';
  return { ...shown, message: `${what}: ${isReference ? 'a reference, which is not read' : sidesWords(shown)}` };
}

/** A command or a URL without what looks like a secret. */
export const withoutSecrets = (text: string): string => (holdsSecret(text) ? masked(text, []) : text);

const shownSide = (kind: KindName, field: string, value: unknown): unknown =>
  mayHoldSecret(callOf('POST', kind), field, value) || holdsSecret(wordOf(value)) ? MASK : value;

/** Where the file says it. Of what it does not have, where it says that the list is complete. */
function positionOf({ document, text, owned }: StateFile, part: DriftPart): Partial<Position> {
  const { kind, entry } = part.row;
  if (!entry) return owned.find((list) => list.kind === kind && isSamePlace(list.place, placeOfPart(part))) ?? {};
  const node = part.field === undefined ? undefined : document.getIn([...entry.path, nameInFile(kind, part.field)], true);
  if (!isNode(node) || !node.range) return entry;
  const lines = text.slice(0, node.range[0]).split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

const fingerprintOf = (identity: readonly unknown[]): string => createHash('sha256').update(toJson(identity)).digest('hex').slice(0, 32);

type Words = Pick<DriftRow, 'outcome' | 'field' | 'file' | 'deploynix' | 'changeable'>;

/** What both sides have. */
export function sidesWords({ outcome, field, file, deploynix, changeable }: Words): string {
  if (outcome !== 'different') return meanings[outcome];
  const isHidden = field === null || file === MASK || deploynix === MASK;
  const values = isHidden ? 'another value' : `${shownValue(deploynix)} at Deploynix, ${shownValue(file)} in the file`;
  return changeable ? values : `${values}; the API cannot change it`;
}

const meanings: Readonly<Record<Exclude<DriftRow['outcome'], 'different'>, string>> = {
  missing: 'only in the file',
  extra: 'only at Deploynix',
  twin: 'twice at Deploynix',
  unknown: 'not shown by the API',
  unread: 'not read',
};

/** A list that could not be read, as scripts get it. */
export function unreadRow(list: Unread, settings: Settings): DriftRow {
  const { kind, place, error, fix } = list;
  const names = namesOf(place);
  return {
    outcome: 'unread',
    ...names,
    kind,
    name: null,
    ...noFacts,
    side: null,
    commit: null,
    changeable: true,
    line: null,
    column: null,
    message: `${capitalized(listWords(list))} could not be read: ${error.message}`,
    fingerprint: fingerprintOf(['unread', ...Object.values(names), kind]),
    error: errorOf(error, settings),
    ...(fix && { fix: { command: commandLine(fix, settings) } }),
  };
}
