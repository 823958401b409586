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

/** The choices that have every word of the term. Those whose names begin with one come first. */
export function filtered<V>(choices: readonly PromptChoice<V>[], term: string): readonly PromptChoice<V>[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  const isStart = ({ name }: PromptChoice<V>) => words.some((word) => name.toLowerCase().startsWith(word));
  const found = choices.filter(({ name, description = '' }) =>
    words.every((word) => `${name} ${description}`.toLowerCase().includes(word)),
  );
  return [...found.filter(isStart), ...found.filter((choice) => !isStart(choice))];
}

/** The error for Ctrl-C, or the end of the input, at a prompt. */
export const left = (cause?: unknown): DnxError => new DnxError('interrupted', 'Interrupted; nothing was changed.', { cause });
