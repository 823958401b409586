import { type Document, isCollection, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml';
import stateSchema from '../../../docs/deploynix.schema.json';
import { usage } from '../../base/errors.ts';
import { type JsonObject, own } from '../../base/json.ts';
import { HIDDEN, holdsSecret, isHarmless, isSecretName, USERINFO } from '../../base/secrets.ts';
import { isMask, plural, quotedName, title, wordOf } from '../../base/text.ts';
import { addIn, editYaml, removeIn, setIn } from '../../base/yaml-edit.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { isSame } from '../../platform/names/match.ts';
import { sameDomain, type Targets } from '../../platform/names/names.ts';
import { isMarkedHidden } from '../../platform/names/spellings.ts';
import { masked } from '../why/logs/mask.ts';
import type { Entry, Row, StateFile } from './model.ts';
import { firstKeyOf, nameFieldOf, wordsOf } from './words.ts';

/** The JSON Schema of state files, for editors. */
export const schemaUrl = stateSchema.$id;

/** A state file that is still to be written. */
export function emptyState(name: string, path: string): StateFile {
  const text = `# yaml-language-server: $schema=${schemaUrl}\n`;
  return { name, path, text, document: parseDocument(text), entries: [], owned: [] };
}

/** A value that is in no file, because it may be a secret and nothing can stand for it. */
export interface RefusedValue {
  /** `web-1 daemon`. */
  readonly place: string;
  /** Masked. */
  readonly value: string;
  /** What `--allow-secret` names to write it. */
  readonly key: string;
}

/** A state file with what is at Deploynix. */
export interface WrittenState {
  readonly text: string;
  /** What a new file says. */
  readonly data: unknown;
  /** The variables that were put into `secrets`. */
  readonly secrets: readonly string[];
  /** What stays as the file has it: a reference, or a name that the API cannot change. */
  readonly kept: readonly Row[];
  readonly refused: readonly RefusedValue[];
}

type Path = Entry['path'];

interface Draft extends Pick<WrittenState, 'secrets' | 'kept' | 'refused'> {
  readonly state: StateFile;
  /** The file without aliases, as it is changed. */
  readonly document: Document;
  readonly rows: readonly Row[];
  readonly isAllowed: (key: string) => boolean;
  readonly secrets: string[];
  readonly kept: Row[];
  readonly refused: RefusedValue[];
}

/**
 * The text of a state file with the values of Deploynix: what differs is replaced, what is missing there removed, what is there besides added.
 * `allowed`: the variables and lists of which secrets may be written.
 */
export function writeRows(state: StateFile, rows: readonly Row[], allowed: readonly string[] = []): WrittenState {
  const parts = { state, rows, secrets: [], kept: [], refused: [] };
  let data: unknown;
  const text = editYaml(state.text, (document) => {
    const draft: Draft = { ...parts, document, isAllowed: (key) => allowed.includes(key) };
    for (const row of rows)
      if (row.entry?.inEnvFile) draft.kept.push(...(row.outcome === 'missing' ? [row] : []));
      else if (row.entry && row.outcome === 'missing') removeIn(document, row.entry.path);
    for (const row of rows) {
      if (row.outcome === 'extra') addItem(draft, row);
      else if (row.entry && row.outcome === 'different') changeEntry(draft, row, row.entry);
    }
    writeInline(document);
    data = document.toJS();
  });
  return { ...parts, text, data };
}

/** The longest map or list between brackets. */
const LONGEST_INLINE = 110;

/** Writes what is new and has no list of its own between brackets, and lists of names. */
function writeInline(document: Document): void {
  visit(document, {
    Collection(_, node, ancestors) {
      if (node.range) return;
      const depth = ancestors.filter(isCollection).length;
      const isNames = isSeq(node) && node.items.every(isScalar);
      const isEntry = depth >= 4 || (depth >= 2 && ancestors[3] === document.get('repositories', true));
      node.flow = (isNames || isEntry) && JSON.stringify(node).length <= LONGEST_INLINE;
    },
  });
}

function changeEntry(draft: Draft, row: Row, entry: Entry): void {
  const { document } = draft;
  const { kind } = row;
  for (const { field, is } of row.differences) {
    const isName = kindOf(kind).as === 'map' && field === nameFieldOf(kind);
    const path = pathOfField(entry, document.getIn(entry.path, true), field);
    const value = valueInFile(draft, row, field, is);
    if (isName || field in entry.references) draft.kept.push(row);
    else if (kind === 'variable' && field === 'value' && !isOpen(draft, entry.fields, is)) {
      removeIn(document, entry.path);
      addSecret(draft, row, entry.path.slice(0, -2), wordOf(entry.fields.key));
    } else if (value !== undefined || kind === 'variable') setIn(document, path, value ?? '');
    else if (path !== entry.path) removeIn(document, path);
  }
}

/** Where an entry has a field. The short form is the value itself. */
function pathOfField({ kind, path }: Entry, node: unknown, field: string): Path {
  if (!isMap(node) || node.has('text')) return path;
  const [word = field] = [...wordsOf(kind)].find(([, known]) => known.field === field) ?? [];
  const isOther = isMap(node.get('fields')) && !node.has(word);
  return [...path, ...(isOther ? ['fields'] : []), word];
}

/** True if a variable may be written with its value. */
const isOpen = ({ isAllowed }: Draft, { key }: JsonObject, value: unknown): boolean =>
  isAllowed(wordOf(key)) || isHarmless(wordOf(key), wordOf(value));

/** A text, or an empty one in its place if it may be a secret, which is noted. */
function withoutSecret({ isAllowed, refused }: Draft, { kind, place }: Row, field: string, text: string): string {
  const key = kindOf(kind).section;
  const isSecret = isSecretName(field) || holdsSecret(text);
  if (!isSecret || isAllowed(key) || (kind === 'variable' && field === 'value')) return text;
  const where = Object.values(place).map(({ label }) => hidden(label));
  refused.push({ place: [...where.slice(-1), title(kind)].join(' '), value: isSecretName(field) ? HIDDEN : hidden(text), key });
  return '';
}

const hidden = (text: string): string => masked(text.replaceAll(USERINFO, `${HIDDEN}@`), []);

/** A field of the API as the file has it; undefined for what the API does not show, and for nothing. */
function valueInFile(draft: Draft, row: Row, field: string, value: unknown): unknown {
  if (value === undefined || value === null || value === '' || typeof value === 'object' || isMask(value)) return undefined;
  const type = [...wordsOf(row.kind).values()].find((word) => word.field === field)?.type;
  if (type === 'boolean') return isSame(true, value);
  if (type === 'integer') return /^(0|[1-9]\d{0,8})$/.test(wordOf(value)) ? Number(value) : undefined;
  const text = withoutSecret(draft, row, field, wordOf(value));
  return /^(op|file|env):\/\//.test(text) ? { text } : text;
}

/** The fields of a new entry. Not those that a server has from its provider, nor the text of a certificate. */
export const exportedFields = (kind: KindName): readonly string[] =>
  [...wordsOf(kind).values()].flatMap(({ field, isSecret }) => (isSecret || UNWRITTEN.includes(field) ? [] : [field]));

const UNWRITTEN = ['ip_address', 'ssh_user', 'certificate'];

/** What the file says of a resource, without its name. */
function fieldsOf(draft: Draft, row: Row, item: JsonObject): JsonObject {
  const { kind } = row;
  const exported = exportedFields(kind);
  const fields = [...wordsOf(kind)].flatMap(([word, { field }]) => {
    const value = exported.includes(field) ? valueInFile(draft, row, field, own(item, field)) : undefined;
    const isUsual = field === 'suspended' && value === false;
    return value === undefined || isUsual ? [] : [[word, value] as const];
  });
  return Object.fromEntries(fields);
}

function addItem(draft: Draft, row: Row): void {
  const { kind, place, item = {} } = row;
  const { as, short, section, under } = kindOf(kind);
  const parent = under === 'account' || kind === 'site' ? [] : withName(draft, place, pathOfPlace(draft, place, under));
  const path = [...parent, section];
  if (kind === 'variable') addVariable(draft, row, parent);
  else if (kind === 'certificate') addCertificate(draft, row, path, item);
  else {
    const fields = fieldsOf(draft, row, item);
    const [name, ...others] = Object.keys(fields);
    const isShort = name !== undefined && others.length === 0 && name === (as === 'map' ? short : firstKeyOf(kind));
    const value = isShort ? fields[name] : fields;
    if (as === 'list') addIn(draft.document, path, value);
    else addMember(draft, row, path, value);
  }
}

function addVariable(draft: Draft, row: Row, site: Path): void {
  const { item = {} } = row;
  const { key, value } = item;
  const isHidden = value === undefined || value === null || isMask(value) || isMarkedHidden(item);
  if (isHidden || !isOpen(draft, item, value)) addSecret(draft, row, site, wordOf(key));
  else
    setIn(draft.document, [...site, 'env', withoutSecret(draft, row, 'key', wordOf(key))], valueInFile(draft, row, 'value', value) ?? '');
}

function addSecret(draft: Draft, row: Row, site: Path, name: string): void {
  const key = withoutSecret(draft, row, 'key', name);
  draft.secrets.push(key);
  addIn(draft.document, [...site, 'secrets'], key);
}

/** A site with the usual certificate says `certificates: true`. */
function addCertificate(draft: Draft, row: Row, path: Path, item: JsonObject): void {
  const isUsual = ({ domain, type }: JsonObject, { site }: Targets) =>
    type === 'letsencrypt' && sameDomain(wordOf(domain), site?.label ?? '');
  const others = draft.rows.filter((other) => other.kind === 'certificate' && other.place.site?.id === row.place.site?.id);
  const isShort = isScalar(draft.document.getIn(path, true));
  if (others.length === 1 && isUsual(item, row.place) && !draft.document.hasIn(path)) setIn(draft.document, path, true);
  else {
    if (isShort) setIn(draft.document, path, [row.place.site?.label]);
    addIn(draft.document, path, fieldsOf(draft, row, item));
  }
}

/** Adds a resource under its name. A list of names becomes a map for one that has more than its name. */
function addMember(draft: Draft, row: Row, path: Path, fields: unknown): void {
  const { kind, item = {} } = row;
  const nameField = nameFieldOf(kind);
  const name = withoutSecret(draft, row, nameField, kind === 'site' ? siteKey(draft, row) : wordOf(own(item, nameField)));
  const server = kind === 'site' && !name.includes('/') ? withoutSecret(draft, row, 'server', row.place.server?.label ?? '') : undefined;
  const value = server === undefined ? fields : { server, ...(fields as JsonObject) };
  toMap(draft, path);
  refuseNamesake(draft, row, [...path, name]);
  setIn(draft.document, [...path, name], value);
}

/** The path of a database. That of a list of names has no room for users. */
function withName(draft: Draft, { database }: Targets, path: Path): Path {
  if (typeof path.at(-1) !== 'number') return path;
  toMap(draft, path.slice(0, -1));
  return [...path.slice(0, -1), database?.label ?? ''];
}

/** Makes a map of a list of names. */
function toMap(draft: Draft, path: Path): void {
  const list = draft.document.getIn(path, true);
  if (isSeq(list))
    setIn(
      draft.document,
      path,
      Object.fromEntries((list.toJSON() as unknown[]).filter((name) => name !== null).map((name) => [wordOf(name), {}])),
    );
}

/** A file has names alone. */
function refuseNamesake({ document }: Draft, { kind, place }: Row, path: Path): void {
  const isTaken = document.hasIn(path);
  const name = wordOf(path.at(-1));
  const where = Object.values(place).at(-1)?.label;
  if (isTaken)
    throw usage(
      `There are several ${plural(title(kind))} named ${quotedName(name)}${where === undefined ? '' : ` on ${where}`}.`,
      'A state file has names, and no ids. Rename or remove one of them.',
    );
}

/** A site's key: its domain, after its server if the domain stands on another one, too. */
function siteKey({ state, rows }: Draft, { item = {}, place }: Row): string {
  const domain = wordOf(item.domain);
  const server = place.server?.label;
  const others = [
    ...rows.filter(({ kind, outcome }) => kind === 'site' && outcome === 'extra').map((row) => [row.item?.domain, row.place.server?.label]),
    ...state.entries.filter(({ kind }) => kind === 'site').map(({ fields, place }) => [fields.domain, place.server]),
  ];
  const isShared = others.some(([other, on]) => sameDomain(wordOf(other), domain) && on !== server);
  return isShared ? `${server}/${domain}` : domain;
}

/** Where something that has lists stands in the file, or will. */
function pathOfPlace(draft: Draft, place: Targets, under: 'server' | 'site' | 'database'): Path {
  const { server, site, database } = place;
  const found = draft.state.entries.find(({ kind, fields, place: names }) => {
    const isOnServer = names.server === undefined || names.server === server?.label;
    if (kind !== under) return false;
    if (kind === 'server') return fields.name === server?.label;
    return isOnServer && (kind === 'site' ? sameDomain(wordOf(fields.domain), site?.label ?? '') : fields.name === database?.label);
  });
  if (found) return found.path;
  if (under === 'server') return ['servers', server?.label ?? ''];
  if (under === 'database') return [...pathOfPlace(draft, place, 'server'), 'databases', database?.label ?? ''];
  const added = draft.rows.find(({ kind, item, outcome }) => kind === 'site' && outcome === 'extra' && item?.id === site?.id);
  return ['sites', added ? siteKey(draft, added) : (site?.label ?? '')];
}
