import { globals } from '../../src/cli/language/globals.ts';
import type { Option } from '../../src/cli/language/options.ts';
import { choices, namings, nounIn } from '../../src/platform/names/namings.ts';
import { parentsOf } from '../../src/platform/names/offered.ts';

/**
 * What a shell offers for a word, as the scripts spell it:
 * `=a,b` these words, `n:site:server` names of this kind, narrowed by these options, `d` servers and sites, `b` sites and files,
 * `f` files, `@` files after @, `k` the same after key=, `a` abilities, `F` and `S` fields for --fields and --sort, `p` profiles,
 * `v` values of the setting before it, `c` a program and its words, `x` words of another program, `-` nothing.
 */
export type Spec = string;

/** What is offered for the value of an option; undefined for a flag. */
export function specOf(key: string, option: Option<unknown>): Spec | undefined {
  const { kind, placeholder = '' } = option;
  if (kind === 'flag') return undefined;
  if (option === globals.fields) return 'F';
  if (option === globals.sort) return 'S';
  if (option === globals.profile || placeholder === 'profile') return 'p';
  if (placeholder === 'resource:action') return 'a';
  if (placeholder === 'key=value') return 'k';
  if (option.choices) return `=${option.choices.join(',')}`;
  if (option.from) return namesOf(nounIn(option.from.list) ?? kindOfChoice(option.from.list));
  if (isNoun(key, placeholder)) return namesOf(key);
  if (kind === 'content' || kind === 'secret' || placeholder.includes('@file')) return '@';
  return /file|folder/.test(placeholder) ? 'f' : '-';
}

/** Commands that run a program on this machine. */
const runsLocally = ['sandbox run', 'env run', 'db tunnel'];

/** What is offered for a positional argument. */
export function argumentOf(path: string, key: string, option: Option<unknown>): Spec {
  if (option.rest) return runsLocally.includes(path) ? 'c' : 'x';
  if (option.destination) return 'd';
  if (option.names) return option.placeholder?.includes('file') ? 'b' : namesOf('site');
  if (path === 'config set' && key === 'value') return 'v';
  return specOf(key, option) ?? '-';
}

/** True for a resource by its name, as opposed to a field that is called the same. */
const isNoun = (key: string, placeholder: string): boolean =>
  (Object.hasOwn(namings, key) || Object.hasOwn(choices, key)) && placeholder === key.replaceAll('_', '-');

function namesOf(kind: string | undefined): Spec {
  if (kind === undefined || namings[kind]?.confidential || namings[kind]?.keys.length === 0) return '-';
  const parents = parentsOf(kind);
  return parents.length === 0 ? `n:${kind}` : `n:${kind}:${parents.join(',')}`;
}

const kindOfChoice = (list: string): string | undefined => Object.keys(choices).find((kind) => choices[kind] === list);
