import type { JsonObject } from '../../base/json.ts';
import { typeOfField } from '../../cli/language/shape.ts';
import { callOf, type Kind, type KindName, kindNames, kindOf } from '../../platform/kinds.ts';
import { namings } from '../../platform/names/names.ts';
import { operations } from '../../platform/operations.ts';

/** A key by which a state file gives a field. */
export interface Word {
  /** The field of the API, or the name of a switch. */
  readonly field: string;
  readonly type: 'integer' | 'boolean' | 'text';
  /** It is never in the file: only a reference to it is. */
  readonly isSecret: boolean;
}

/** The field that the key of a map gives, such as the domain of a site. */
export const nameFieldOf = (kind: KindName): string => namings[kind]?.keys[0] ?? 'name';

const creationOf = (kind: KindName) => operations[callOf('POST', kind)] ?? {};

/** The field without which the file names something, but cannot create it: the password of a user, the private key of a certificate of one's own. */
export function substanceOf(kind: KindName, { type }: JsonObject): string | undefined {
  const { as, short } = kindOf(kind);
  if (kind === 'certificate') return type === 'custom' ? 'private_key' : undefined;
  return creationOf(kind).once ?? (as === 'map' ? short : undefined);
}

/** The keys for the fields of a kind. */
export const wordsOf = (kind: KindName): ReadonlyMap<string, Word> => words.get(kind) ?? new Map();

/** An id is in no file, and what a switch sets has the name of the switch. */
function wordsFor(kind: KindName): ReadonlyMap<string, Word> {
  const { as, by = {}, names = {}, switches = {} }: Kind = kindOf(kind);
  const { fields = [], secrets = [] } = creationOf(kind);
  const isWord = (field: string) =>
    !(as === 'map' && field === nameFieldOf(kind)) && (!/_id$/.test(field) || field in by) && !(field.replace(/_enabled$/, '') in switches);
  const sent = [...fields, ...secrets].filter(isWord).map((field): [string, Word] => {
    const isSecret = secrets.includes(field) && kind !== 'variable';
    return [names[field] ?? field, { field, type: fieldType(field), isSecret }];
  });
  return new Map([...sent, ...Object.keys(switches).map((field): [string, Word] => [field, { field, type: 'boolean', isSecret: false }])]);
}

const words = new Map(kindNames.map((kind) => [kind, wordsFor(kind)]));

/** The type of a field's value in a state file. */
export function fieldType(field: string): Word['type'] {
  const type = typeOfField(field);
  return type === 'integer' || type === 'boolean' ? type : 'text';
}

/** The lists that something has in the file, by their keys. Sites stand at the top, beside servers. */
export const sectionsUnder = (parent: KindName | 'file'): ReadonlyMap<string, KindName> =>
  new Map(
    kindNames
      .filter((kind) => (kind === 'site' || kindOf(kind).under === 'account' ? 'file' : kindOf(kind).under) === parent)
      .map((kind) => [kindOf(kind).section, kind]),
  );

/** True if the API can give one of them another name. */
export const isRenamable = (kind: KindName): boolean => !kindOf(kind).fixed?.includes(firstKeyOf(kind));

/** The field that alone gives an entry of a list: the queue of a worker. */
export const firstKeyOf = (kind: KindName): string => {
  const { as, short, keys } = kindOf(kind);
  return as === 'map' ? nameFieldOf(kind) : (short ?? keys[0]?.[0] ?? '');
};
