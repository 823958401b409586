import { basename, dirname } from 'node:path';
import { type JsonObject, own, toJson } from '../../base/json.ts';
import { grouped } from '../../base/matching.ts';
import { utcOf } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { realPath } from '../../machine/files/text-file.ts';
import { git, gitBlobs } from '../../machine/git.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { compared, indexed, isLike } from '../../platform/names/existing.ts';
import { domainKey } from '../../platform/names/names.ts';
import { incomplete, refused, Unknowable } from '../changes/clone.ts';
import { type DriftPart, type DriftRow, isSamePlace, type Origin, placeOfPart } from './drift-rows.ts';
import { stateIn } from './file.ts';
import type { Entry, PlaceNames, StateFile } from './model.ts';

/** Where each difference is from. `file`: from the root of its repository. `why`: the reason if not everything can be known. */
interface Origins {
  readonly origins: ReadonlyMap<DriftPart, Origin>;
  readonly file?: string;
  readonly why?: Unknowable | undefined;
}

type StateCommit = NonNullable<DriftRow['commit']>;

/** Finds out which side moved: the newest commit of the file that agrees with Deploynix tells. */
export async function originsOf(ctx: Pick<Context, 'world' | 'signal'>, state: StateFile, parts: readonly DriftPart[]): Promise<Origins> {
  if (parts.length === 0) return { origins: new Map() };
  try {
    const { versions, file, cut } = await openHistory(ctx, state);
    const found = parts.map((part) => [part, originOf(part, versions, cut)] as const);
    return { origins: new Map(found), file, why: found.find(([, { why }]) => why)?.[1].why };
  } catch (error) {
    if (error instanceof Unknowable) return { origins: new Map(), why: error };
    throw error;
  }
}

/** Those of these whose fields the last commits of the file changed, or that are not committed. None without a history. */
export async function changedLately<T extends Pick<DriftPart, 'row'> & { readonly fields: readonly string[] }>(
  ctx: Pick<Context, 'world' | 'signal'>,
  state: StateFile,
  left: readonly T[],
): Promise<readonly T[]> {
  try {
    const versions = (await openHistory(ctx, state)).versions.slice(0, LAST_COMMITS + 1);
    const isOther = (says: ReturnType<Version['agrees']>) => !(says instanceof Unknowable) && !says.file;
    return left.filter(({ row, fields }) =>
      versions.some(({ agrees }) => fields.some((field) => isOther(agrees({ row, field, outcome: 'unknown' })))),
    );
  } catch (error) {
    if (error instanceof Unknowable) return [];
    throw error;
  }
}

/** The commits of which somebody remembers what they changed. */
const LAST_COMMITS = 5;

/** Follows a difference through the versions of the file, newest first. `cut`: why there may be earlier ones. */
function originOf(part: DriftPart, versions: readonly Version[], cut: Unknowable | undefined): Origin & { readonly why?: Unknowable } {
  let newer: StateCommit | undefined;
  let why = cut;
  for (const { commit, agrees } of versions) {
    const says = agrees(part);
    if (!newer && says instanceof Unknowable) return { side: 'unknown', why: says };
    if (says instanceof Unknowable) why ??= says;
    else if (!newer && !says.file) return { side: cut || versions.some(mayAgree(part)) ? 'here' : 'both' };
    else if (newer && says.deploynix) return { side: 'committed', commit: newer };
    // It may have been applied, and changed at Deploynix since.
    else if (newer && !says.isDeclared) return { side: 'unknown', commit: newer };
    else {
      if (says.deploynix === undefined) why ??= new Unknowable(`it was a reference in ${commit.commit.slice(0, 7)}`);
      newer = commit;
    }
  }
  return why ? { side: 'unknown', why } : { side: 'deploynix' };
}

/** True for a version of the file from which Deploynix may have what it has. */
const mayAgree =
  (part: DriftPart) =>
  ({ agrees }: Version): boolean => {
    const says = agrees(part);
    return says instanceof Unknowable || says.deploynix !== false || !says.isDeclared;
  };

/** The file in a commit. */
interface Version {
  readonly commit: StateCommit;
  readonly agrees: (part: DriftPart) => ReturnType<typeof agreement> | Unknowable;
}

/** Whether a version of the file says what the file says now, and what Deploynix has. Undefined: the value was elsewhere. */
function agreement(before: readonly Entry[], { row: { kind, entry }, field, is }: DriftPart) {
  if (field === undefined) {
    const had = before.length > 0;
    return { isDeclared: true, file: had === (entry !== undefined), deploynix: had === (entry === undefined) };
  }
  const says = ({ fields }: Entry, value: unknown): boolean => {
    const { differences, unknown } = compared(kind, { [field]: value }, { [field]: own(fields, field) });
    return field in fields && differences.length + unknown.length === 0;
  };
  const referenceIn = ({ references }: Pick<Entry, 'references'>) => own(references, field);
  const refers = before.filter((version) => referenceIn(version) !== undefined);
  const isSaid = before.some((version) => says(version, is));
  return {
    isDeclared: refers.length > 0 || before.some(({ fields }) => field in fields),
    file:
      refers.some((version) => referenceIn(version) === (entry && referenceIn(entry))) ||
      before.some((version) => says(version, own(entry?.fields ?? {}, field))),
    deploynix: isSaid || (refers.length > 0 ? undefined : false),
  };
}

/** Finds the entries of a version that are about the same thing as a difference, by its key. */
function finder(entries: readonly Entry[]) {
  const listOf = (kind: KindName, { site, database }: PlaceNames) => toJson([kind, domainKey(site ?? ''), database]);
  const entryOf = new Map<JsonObject, Entry>(entries.map((entry) => [entry.fields, entry]));
  const lists = new Map<string, ReturnType<typeof indexed>>();
  for (const [name, list] of grouped(entries, ({ kind, place }) => listOf(kind, place))) {
    const fields = list.map((entry) => entry.fields);
    lists.set(name, indexed(list[0]?.kind ?? '', fields));
  }
  return (part: DriftPart): readonly Entry[] => {
    const { kind, entry, item = {} } = part.row;
    const place = placeOfPart(part);
    const thing = entry?.fields ?? item;
    const like = (key: readonly string[]) => lists.get(listOf(kind, place))?.(thing, key.slice(0, 1)) ?? [];
    const found = kindOf(kind).keys.map((key) =>
      like(key)
        .filter((fields) => isLike(kind, thing, fields, key))
        .flatMap((fields) => entryOf.get(fields) ?? [])
        .filter((before) => isSamePlace(before.place, place)),
    );
    return found.find(({ length }) => length > 0) ?? [];
  };
}

/** The most commits of the file that are read. */
const MOST_COMMITS = 50;
const MOST_BYTES = 1024 * 1024;

/** Lists commits along the first parents, because that was the state, one after the other. Each with its change of the file. */
const LOG =
  '-c log.diffMerges=separate log -z --raw --no-abbrev --root -m --first-parent --no-renames --no-follow --encoding=UTF-8 --format=%H%x00%cI%x00%s';
const WORDS = 5;

/** The versions of the file, newest first. It may be anyone's, so it is read only where it is a small regular file. */
async function openHistory({ world, signal }: Pick<Context, 'world' | 'signal'>, { path, name: shown }: StateFile) {
  const real = realPath(path);
  const [directory, name] = [dirname(real), basename(real)];
  const read = async (...args: readonly string[]): Promise<string> => {
    const done = await git(world, args, directory);
    if (!done) throw new Unknowable('Git is not installed', 'Install Git');
    if (/does not have any commits/.test(done.stderr)) throw uncommitted();
    if (done.code !== 0) throw args[0] === 'rev-parse' ? refused(done.stderr) : incomplete();
    return done.stdout;
  };
  const [, isShallow, prefix = ''] = /^(\w+)\n(.*)\n$/s.exec(await read('rev-parse', '--is-shallow-repository', '--show-prefix')) ?? [];
  const words = (await read(...LOG.split(' '), `--max-count=${MOST_COMMITS}`, '--', `:(literal)${name}`)).split('\0');
  const changes = Array.from({ length: Math.floor(words.length / WORDS) }, (_, at) => {
    const [commit = '', time = '', subject = '', change = ''] = words.slice(at * WORDS, (at + 1) * WORDS);
    const [, mode = '', object = ''] = /^\n:\d+ (\d+) \w+ (\w+) /.exec(change) ?? [];
    return { commit: { commit, subject, committed_at: utcOf(time) ?? time }, mode, object };
  });
  if (Number(changes[0]?.mode ?? 0) === 0) throw uncommitted();
  const files = changes.filter(({ mode }) => Number(mode) > 0);
  const ids = files.map(({ object }) => object);
  const blobs = await gitBlobs(world, ids, directory, signal);
  const versions = files.map(({ commit, mode, object }): Version => {
    let find: ReturnType<typeof finder> | Unknowable | undefined;
    const agrees = (part: DriftPart) => {
      find ??= versionIn(mode.startsWith('100') ? blobs.get(object) : '', shown, commit);
      return find instanceof Unknowable ? find : agreement(find(part), part);
    };
    return { commit, agrees };
  });
  const isCut =
    isShallow === 'true' &&
    Number(await read('rev-list', '--count', '--first-parent', `--max-count=${MOST_COMMITS}`, 'HEAD')) < MOST_COMMITS;
  const cut = isCut ? new Unknowable('the history of this clone is cut off', `Run: git fetch --depth ${MOST_COMMITS}`) : undefined;
  return { versions, file: `${prefix}${name}`, cut };
}

const uncommitted = () => new Unknowable('the file is not committed');

/** What a version says, or why nobody knows: an earlier one may not be valid. */
function versionIn(text: string | undefined, name: string, { commit }: StateCommit): ReturnType<typeof finder> | Unknowable {
  if (text === undefined) return incomplete();
  try {
    if (text.length <= MOST_BYTES) return finder(stateIn(text, name).entries);
  } catch {}
  return new Unknowable(`the file in ${commit.slice(0, 7)} is no state file`);
}
