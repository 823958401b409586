import { DnxError } from '../../base/errors.ts';
import type { Input, Output } from '../../machine/world.ts';

/** The kinds of prompts. */
export interface Questions {
  /** Yes or no. Just enter is no, unless no would lose something. */
  confirm(question: string, enter?: boolean): Promise<boolean>;
  /** A line of text, trimmed and not empty. */
  input(question: string, typing?: Typing): Promise<string>;
  /** Masked text, not empty. */
  password(question: string, typing?: Pick<Typing, 'check'>): Promise<string>;
  /** One of a list. Typing filters it if it is long or `filter` is true. */
  select<V>(question: string, choices: readonly PromptChoice<V>[], options?: SelectOptions): Promise<V>;
  /** Several of a list; at least one. A string among the choices is a heading. */
  checkbox<V>(question: string, choices: readonly (PromptChoice<V> | string)[]): Promise<V[]>;
}

/** Options for typed input. */
export interface Typing {
  /** The value if the user just presses enter. */
  readonly default?: string | undefined;
  /** Validates the input. Returns the problem, after which the prompt repeats. */
  readonly check?: ((typed: string) => string | undefined) | undefined;
}

export interface SelectOptions {
  readonly filter?: boolean;
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

/** The longest list without a filter. */
const SHORT = 8;

export const isFilterable = (choices: readonly unknown[], { filter = choices.length > SHORT }: SelectOptions = {}): boolean => filter;

/** The choices that contain every word of the term. */
export function filtered<V>(choices: readonly PromptChoice<V>[], term: string): readonly PromptChoice<V>[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ name, description = '' }) => {
    const text = `${name} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The error for Ctrl-C, or the end of the input, at a prompt. */
export const left = (cause?: unknown): DnxError => new DnxError('interrupted', 'Interrupted; nothing was changed.', { cause });
