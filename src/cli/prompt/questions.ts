import { DnxError } from '../../base/errors.ts';
import type { Input, Output } from '../../machine/world.ts';

/** The kinds of prompts. */
export interface Questions {
  /** Yes or no. Just enter is no, unless no would lose something. */
  confirm(question: string, enter?: boolean): Promise<boolean>;
  /** A line of text, trimmed and not empty. */
  input(question: string, typing?: InputOptions): Promise<string>;
  /** Masked text, not empty. */
  password(question: string, typing?: Pick<InputOptions, 'check'>): Promise<string>;
  /** One of a list. Typing filters it if it is long or `filter` is true. */
  select<V>(question: string, choices: readonly PromptChoice<V>[], options?: SelectOptions): Promise<V>;
  /** Several of a list; at least one, unless `none`. A string among the choices is a heading. */
  checkbox<V>(question: string, choices: readonly (PromptChoice<V> | string)[], options?: CheckboxOptions): Promise<V[]>;
}

/** Options for typed input. */
export interface InputOptions {
  /** The value if the user just presses enter. */
  readonly default?: string | undefined;
  /** Validates the input. Returns the problem, after which the prompt repeats. */
  readonly check?: ((typed: string) => string | undefined) | undefined;
}

export interface SelectOptions {
  readonly filter?: boolean;
}

export interface CheckboxOptions {
  /** None may be chosen, too. */
  readonly none?: boolean;
}

/** An option of a prompt. */
export interface PromptChoice<V> {
  readonly name: string;
  readonly value: V;
  readonly description?: string;
  /** Shown once chosen, instead of the name. */
  readonly short?: string;
  readonly checked?: boolean;
}

/** The terminal for prompts. */
export interface Terminal {
  readonly input: Input;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** The problem of empty input. */
export const EMPTY = 'A value is required.';

const SHORT = 8;

export const isFilterable = (choices: readonly unknown[], { filter = choices.length > SHORT }: SelectOptions = {}): boolean => filter;

/** The choices that match every word of the term, the best ones first: at the start of the name, anywhere, or with its letters in order. */
export function filtered<V>(choices: readonly PromptChoice<V>[], term: string): readonly PromptChoice<V>[] {
  return choices
    .flatMap((choice) => {
      const rank = matchRank(choice, term);
      return rank === undefined ? [] : [{ choice, rank }];
    })
    .sort((one, other) => one.rank - other.rank)
    .map(({ choice }) => choice);
}

/** How well a choice matches a term; 0 is best, undefined is not at all. */
export function matchRank({ name, description = '' }: Pick<PromptChoice<unknown>, 'name' | 'description'>, term: string) {
  const [row, more] = [name.toLowerCase(), description.toLowerCase()];
  let rank = 0;
  for (const word of term.toLowerCase().split(/\s+/).filter(Boolean)) {
    const distance = wordRank(row, more, word);
    if (distance === undefined) return undefined;
    rank += distance;
  }
  return rank;
}

/** Letters in order must be in one column of the row, whose columns have two spaces between them. */
function wordRank(row: string, more: string, word: string): number | undefined {
  if (row.startsWith(word)) return 0;
  if (`${row} ${more}`.includes(word)) return 1;
  const spans = row.split(/ {2,}/).flatMap((column) => spanOf(column, word) ?? []);
  return spans.length > 0 ? 2 + Math.min(...spans) : undefined;
}

/** How many other letters are between those of a word, at best; undefined if they are not there in this order. */
function spanOf(text: string, word: string): number | undefined {
  let best: number | undefined;
  for (let start = text.indexOf(word.charAt(0)); start >= 0; start = text.indexOf(word.charAt(0), start + 1)) {
    let end = start;
    for (const letter of word.slice(1)) {
      end = text.indexOf(letter, end + 1);
      if (end < 0) return best;
    }
    best = Math.min(best ?? Number.POSITIVE_INFINITY, end - start + 1 - word.length);
  }
  return best;
}

/** The error for Ctrl-C, or the end of the input, at a prompt. */
export const left = (cause?: unknown): DnxError => new DnxError('interrupted', 'Interrupted; nothing was changed.', { cause });
