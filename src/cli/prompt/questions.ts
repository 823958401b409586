import { DnxError } from '../../base/errors.ts';
import type { Input, Output } from '../../machine/world.ts';
import type { Choice } from './choice.ts';

/** Questions to a person. */
export interface Questions {
  confirm(question: string): Promise<boolean>;
  /** A line of text, trimmed and never empty. */
  input(question: string, typing?: Typing): Promise<string>;
  /** Masked, and never empty. */
  password(question: string, typing?: Pick<Typing, 'check'>): Promise<string>;
  /** One of a list, which typing narrows if it is long or `filter` says so. */
  select<V>(question: string, choices: readonly Choice<V>[], options?: SelectOptions): Promise<V>;
  /** Several of a list; at least one. A string among the choices is a heading. */
  checkbox<V>(question: string, choices: readonly (Choice<V> | string)[]): Promise<V[]>;
}

/** How a typed answer is taken. */
export interface Typing {
  /** Taken if the user only presses enter. */
  readonly default?: string | undefined;
  /** What is wrong with an answer, which is then asked for again. */
  readonly check?: ((typed: string) => string | undefined) | undefined;
}

export interface SelectOptions {
  readonly filter?: boolean;
}

/** The terminal to ask on. */
export interface Terminal {
  readonly input: Input;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Said if the user only presses enter where an answer is needed. */
export const EMPTY = 'An answer is required.';

/** The longest list to choose from without typing. */
const SHORT = 8;

export const isFilterable = (choices: readonly unknown[], { filter = choices.length > SHORT }: SelectOptions = {}): boolean => filter;

/** The choices that hold every word of the term. */
export function filtered<V>(choices: readonly Choice<V>[], term: string): readonly Choice<V>[] {
  const words = term.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ name, description = '' }) => {
    const text = `${name} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Ctrl-C, or the end of the input, at a question. */
export const left = (cause?: unknown): DnxError => new DnxError('interrupted', 'Interrupted; nothing was done.', { cause });
