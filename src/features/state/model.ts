import type { Document } from 'yaml';
import { type Detail, DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { grouped } from '../../base/matching.ts';
import { counted, plural, title } from '../../base/text.ts';
import type { KindName } from '../../platform/kinds.ts';
import type { FieldDifference } from '../../platform/names/existing.ts';
import type { Target, Targets } from '../../platform/names/names.ts';
import { namesIn, placeName, wordList } from '../audit/finding.ts';

/** A place in a file, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** What has an entry, by the names of the file. A site without a server is the only one of its domain. */
export interface PlaceNames {
  readonly server?: string;
  readonly site?: string;
  readonly database?: string;
}

/** What a state file says of one resource. */
export interface Entry extends Position {
  readonly kind: KindName;
  readonly place: PlaceNames;
  /** The fields that the file gives, by the names of the API, or of the kind's switches. What the API has an id for has its name here. */
  readonly fields: JsonObject;
  /** The fields whose value is elsewhere: `op://`, `file://`, `env://`, and `file://PATH#KEY` of a dotenv file. They are not in `fields`. */
  readonly references: Readonly<Record<string, string>>;
  /** The file has no value for it, so it is never created: it stands in `secrets`, or is a user without a password. */
  readonly mustExist?: true;
  readonly renamedFrom?: string;
  readonly isNew?: true;
  /** Where it stands in the document: `['sites', 'shop.example.com', 'env', 'APP_NAME']`. */
  readonly path: readonly (string | number)[];
  /** It stands in the dotenv file of the site, not in the document. */
  readonly inEnvFile?: true;
}

/** A list that a file names as complete. */
export interface OwnedList extends Position {
  readonly kind: KindName;
  readonly place: PlaceNames;
}

/** A list of the API, and what a state file says of it. */
export interface DeclaredList {
  readonly kind: KindName;
  /** Undefined for a list of the account, and for a site that is on no server. */
  readonly server: Target | undefined;
  readonly names: PlaceNames;
  readonly entries: readonly Entry[];
  /** What the list has for entries to which the command is not narrowed. */
  readonly others: readonly Entry[];
  readonly isOwned: boolean;
}

/** A state file that was read. */
export interface StateFile {
  /** As the user named it. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly document: Document;
  readonly entries: readonly Entry[];
  readonly owned: readonly OwnedList[];
}

/** A field that is not as the file wants it. `fixed`: the API cannot change it. */
export interface StateDifference extends FieldDifference {
  readonly fixed: boolean;
}

/**
 * What became of an entry, or of something that a list has besides. `unknown`: the API does not show what would tell. `extra`: a list that the
 * file owns has it, and the file does not. `twin`: it is there twice.
 */
export type Outcome = 'same' | 'missing' | 'different' | 'unknown' | 'extra' | 'twin';

/** An entry beside what is there. */
export interface Row {
  readonly kind: KindName;
  /** What has its list, with ids. A place that is still to be created has an empty id. */
  readonly place: Targets;
  readonly entry?: Entry;
  readonly item?: JsonObject;
  readonly outcome: Outcome;
  readonly differences: readonly StateDifference[];
  /** The fields that the API does not show, and references that were not read. */
  readonly unknown: readonly string[];
  /** Of what is missing: what is there and may be it under another name. */
  readonly resembling?: readonly JsonObject[];
}

/** A list that could not be read, and the command that makes it possible, without `dnx`. */
export interface Unread {
  readonly kind: KindName;
  readonly place: Targets;
  readonly error: DnxError;
  readonly fix: readonly string[] | undefined;
}

/** A state file beside what is there. */
export interface Comparison {
  readonly rows: readonly Row[];
  readonly unread: readonly Unread[];
}

/** `queue workers of shop.example.com on web-1` */
export function listWords({ kind, place }: Pick<Unread, 'kind' | 'place'>): string {
  const parent = [place.database && `database ${place.database.label}`, placeName(namesIn(place))].filter(Boolean).join(' on ');
  return `${plural(title(kind))}${parent === '' ? '' : ` of ${parent}`}`;
}

/**
 * The error for lists that could not be read; undefined if all were. A missing ability counts first, because the user can do something about
 * it. `meaning`: what the result is without them.
 */
export function unreadError(unread: readonly Unread[], meaning: string): DnxError | undefined {
  const first = unread.find(({ error }) => error.code === 'forbidden') ?? unread[0];
  if (!first) return undefined;
  const { error, fix } = first;
  const details = [...grouped(unread, (list) => list.error.message)].map(
    ([reason, lists]): Detail => [wordList(lists.map(listWords)), reason],
  );
  // What was found is in the result.
  const code = error.code === 'not_found' ? 'partial' : error.code;
  return new DnxError(code, `${counted(unread.length, 'list')} could not be read, ${meaning}.`, {
    details,
    hint: error.hint,
    next: fix ? [{ command: fix, why: 'Get the abilities with' }] : error.next,
    reason: error.reason,
  });
}
