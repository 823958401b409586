import type { Endpoint, Params } from '../api/endpoint.ts';
import type { Context } from '../context.ts';
import type { Column, View } from '../output/view.ts';
import type { Options, Values } from './options.ts';

/**
 * What must be said before a command may act. Moderate: what and where, then y/N; `--yes` answers.
 * Severe: type the name; `--confirm NAME` answers and `--yes` does not.
 */
export interface Consent {
  readonly level: 'moderate' | 'severe';
  /** What is done to the target, where the summary's first word does not say it: `Roll back`. */
  readonly verb?: string;
  /** What the user should know before agreeing, as a sentence. */
  readonly warning?: string;
}

/** A command as a plain value: what it calls, what it takes, and how it computes a view. It never prints. */
export interface Command<E extends Endpoint, O extends Options> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly description?: string;
  /** As the API reference writes it. `{noun}` of the group is positional, every other `{name}` is `--name`. */
  readonly endpoint?: E;
  /** The further operations that it always calls. */
  readonly uses?: readonly Endpoint[];
  /** The operations that its words name, where no endpoint can be declared. */
  readonly asks?: (words: Readonly<Record<string, unknown>>) => readonly Endpoint[];
  /** Several targets: `run` is called for each, and each is reported. `together`: once, with all of them in `ctx.all`; `--all` means every one. */
  readonly many?: boolean | 'together';
  /** Runs where nothing says which target is meant: `ctx.targets` is empty then. */
  readonly targetless?: boolean;
  readonly consent?: Consent;
  /** What to know when it is done, as a sentence. */
  readonly afterwards?: string;
  readonly options?: O;
  /** Takes `-F key=value` and `--data`, merged over the flags of the body. */
  readonly body?: boolean;
  /** What it prints of the API's answer. */
  readonly shows?: readonly Column[];
  /** Command lines that work against the sandbox, without `dnx` and the group. */
  readonly examples: readonly string[];
  readonly run: (ctx: Context, args: Params<E> & Values<O>) => Promise<View>;
}

/** A command whose argument types have been forgotten: what the tree, help and completions see. */
export interface AnyCommand extends Omit<Command<Endpoint, Options>, 'run'> {
  // biome-ignore lint/suspicious/noExplicitAny: the one place where a command's argument types are forgotten
  readonly run: (ctx: Context, args: any) => Promise<View>;
}

export interface Group {
  readonly name: string;
  /** The group's own thing, as endpoints name it: `daemon` for `{daemon}`. */
  readonly noun: string;
  readonly summary: string;
  readonly commands: readonly AnyCommand[];
}

/** What a command at the root belongs to: nothing of it is positional by its noun. */
export const noGroup: Group = { name: '', noun: '', summary: '', commands: [] };

export const command = <const E extends Endpoint = never, const O extends Options = Record<never, never>>(
  definition: Command<E, O>,
): Command<E, O> => definition;
export const group = (definition: Group): Group => definition;
