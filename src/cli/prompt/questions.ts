import { DnxError } from '../../base/errors.ts';
import type { Input, Output } from '../../machine/world.ts';
import type { Choice } from './choice.ts';

/** How a typed answer is taken. */
export interface Typing {
  /** What Enter alone means. */
  readonly default?: string;
  /** What is wrong with an answer, as a sentence; undefined if nothing is. */
  readonly check?: (typed: string) => string | undefined;
}

/** Questions to a person. */
export interface Questions {
  confirm(question: string): Promise<boolean>;
  input(question: string, typing?: Typing): Promise<string>;
  /** Masked. */
  password(question: string, typing?: Pick<Typing, 'check'>): Promise<string>;
  select<V>(question: string, choices: readonly Choice<V>[]): Promise<V>;
  /** Several of a list; at least one. A string among the choices is a heading. */
  checkbox<V>(question: string, choices: readonly (Choice<V> | string)[]): Promise<V[]>;
}

/** The terminal that questions are asked on. */
export interface Terminal {
  readonly input: Input;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** What ends a question without an answer. */
export const left = (cause?: unknown): DnxError => new DnxError('interrupted', 'Interrupted; nothing was done.', { cause });
