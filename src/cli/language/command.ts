import type { Ci } from '../../machine/ci.ts';
import type { Tokens } from '../../machine/credentials/tokens.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Clock, World } from '../../machine/world.ts';
import type { Api, Query } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import type { Reply } from '../../platform/api/reply.ts';
import type { Everywhere } from '../../platform/names/all-sites.ts';
import type { Target, Targets } from '../../platform/names/names.ts';
import type { Progress } from '../output/progress.ts';
import type { Column, Result, View } from '../output/view.ts';
import type { Ask } from '../prompt/ask.ts';
import type { Called, Calls, TargetsIn } from './calls.ts';
import type { Options, Values } from './options.ts';

/** What a command is given. It takes what it uses: `Pick<Context, 'clock' | 'signal'>`. `E` are the endpoints that it declares. */
export interface Context<E extends Endpoint = Endpoint> {
  /** Sends what the command declares: its endpoint, or another of its `calls`, with the ids of its targets; and the body made of its fields. */
  call<T>(endpoint?: E, options?: { readonly body?: unknown; readonly params?: Readonly<Record<string, string>> }): Promise<Reply<T>>;
  /** The same for a list: every page of it. */
  list<T>(endpoint?: E, options?: { readonly query?: Query }): Promise<T[]>;
  /** Does something to one item after the other, and reports each. */
  each<I extends Target>(items: readonly I[], run: (item: I) => Promise<View | Result>): Promise<Result>;
  /** Of a command with the option `timeout`, until `deadline`. */
  readonly api: Api;
  /** When `--timeout` has passed, in ms of the monotonic clock. */
  readonly deadline: number;
  readonly ask: Ask;
  readonly progress: Progress;
  readonly ci: Ci;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The sites of every server. */
  readonly everySite: () => Promise<Everywhere>;
  /** The targets of a path that is known only once the options are read. */
  readonly resolve: (path: string) => Promise<Targets>;
  /** Standard input to its end, for `-` and `--with-token`. */
  readonly stdin: () => Promise<string>;
  readonly world: World;
  /** Every command there is, for the few that are about commands. */
  readonly tree: Tree;
}

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
  /** What `--confirm` names, if not the target: `the database or site`. */
  readonly named?: string;
  /** What happens to what, where that is not the verb and the targets. */
  readonly action?: string;
  /** For a severe command whose target is not what is lost: reads that. */
  readonly affects?: (ctx: Context, target: Target) => Promise<Affected>;
}

/** What a severe command changes: its name is what the user types. */
export interface Affected {
  readonly noun: string;
  readonly target: Target;
  /** What happens to it and where, as the beginning of a sentence. */
  readonly action: string;
}

/** What was said of consent on the command line. */
export interface Given {
  readonly yes: boolean;
  readonly confirm: string | undefined;
}

/** How many things a command acts on. `each`: it runs for one after the other. `all`: it runs once, with all of them. `optional`: or with none. */
export type TargetCount = 'one' | 'each' | 'all' | 'optional';

/** The parents that fill a field, where they were given. */
type Filling<F extends Options> = {
  readonly [A in { [K in keyof F]: F[K] extends { readonly as: infer S extends string } ? S : never }[keyof F]]?: Target;
};

/** What a command is called with, typed by its declaration. */
export interface Args<C, T, O extends Options, F extends Options> {
  /** What the path parameters were resolved to. */
  readonly targets: T extends 'all' ? readonly TargetsIn<C>[] : T extends 'optional' ? TargetsIn<C> | undefined : TargetsIn<C> & Filling<F>;
  readonly options: Values<O>;
  readonly fields: Values<F>;
  /** The fields that were given, with `-F` and `--data` over them. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly consent: Given;
}

/**
 * A command as a plain value: what it calls, what it takes, and how it computes a view. It never prints. Everything else is made of
 * this: arguments, help, completion, the abilities that it needs. `name`, `summary`, `examples` and `run` are all that it must have.
 */
export interface Command<C extends Calls, T extends TargetCount, O extends Options, F extends Options> {
  /** The word for it after the group's, in kebab-case: `restart`. */
  readonly name: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** What it does, in a line without a full stop. It begins with the verb that the question for consent repeats. */
  readonly summary: string;
  /** What else `--help` says, in sentences: exit codes, what is particular. */
  readonly description?: string;
  /**
   * What it calls, as the API reference writes it. The parameters of the first are arguments: `{noun}` of the group is positional, every
   * other `{name}` is `--name`. A function of the command line where its words are the operation, as in `dnx api`.
   */
  readonly calls?: C | ((words: Words) => readonly Endpoint[]);
  /** How many things it acts on; one where nothing is said. */
  readonly targets?: T;
  /** What the user must agree to before it acts. Gives it `--yes`, or `--confirm`. A function where that is known only once it has read something. */
  readonly consent?: Consent['level'] | Consent | ((ctx: Context, args: Args<C, T, O, F>) => Promise<Consent | undefined>);
  /** Asked after a summary, once a question was asked on a terminal: `Create this server?`. A complete command line skips it. */
  readonly review?: string;
  /** What it takes besides, by name: `exit_code` is `--exit-code`, and `options.exit_code` in `run`. */
  readonly options?: O;
  /** What goes into the body, by the name of the JSON field. Gives it `-F key=value` and `--data` for any other. */
  readonly fields?: F;
  /** The columns that it prints of the API's answer, for `dnx doctor --contract` to compare. */
  readonly shows?: readonly Column[];
  /** Command lines without `dnx` and the group, the simplest first. They are tests: each must work against the sandbox as it is seeded. */
  readonly examples: readonly string[];
  /** Calls the API through `ctx` and computes a result. It throws a DnxError when it fails, and leaves all that is printed to the result. */
  run(ctx: Context<Called<C>>, args: Args<C, T, O, F>): Promise<View | Result>;
}

/** What was given for each parameter, option and field, not yet read as values. */
export type Words = Readonly<Record<string, string | boolean | readonly string[]>>;

/** A command whose argument types have been forgotten: what the tree, help and completions see. */
export interface AnyCommand extends Omit<Command<Calls, TargetCount, Options, Options>, 'run' | 'consent'> {
  // biome-ignore lint/suspicious/noExplicitAny: the one place where a command's argument types are forgotten
  readonly consent?: Consent['level'] | Consent | ((ctx: Context, args: any) => Promise<Consent | undefined>);
  // biome-ignore lint/suspicious/noExplicitAny: as above
  run(ctx: Context, args: any): Promise<View | Result>;
}

/** A group of commands: a file of `src/commands`. What it is for is said in the table of contents, which is read without loading it. */
export interface Group {
  /** The word for it after `dnx`, in kebab-case and singular; its plural means the same. */
  readonly name: string;
  /** The group's own thing, as endpoints name it, where that is not the name: `variable` of `env`. */
  readonly noun?: string;
  /** In the order of the help. */
  readonly commands: readonly AnyCommand[];
}

/** What a command at the root belongs to: nothing of it is positional by its noun. */
export const noGroup: Group = { name: '', commands: [] };

/** The group's own thing, as endpoints name it: `ssh_key` of `ssh-key`. */
export const nounOf = ({ name, noun }: Group): string => noun ?? name.replaceAll('-', '_');

/** Declares a command; its type carries the parameters of its endpoints and the values of its options and fields to `run`. */
export const command = <
  const C extends Calls = never,
  const T extends TargetCount = 'one',
  const O extends Options = Record<never, never>,
  const F extends Options = Record<never, never>,
>(
  definition: Command<C, T, O, F>,
): Command<C, T, O, F> => definition;
/** Declares a group. */
export const group = (definition: Group): Group => definition;

/** A line of the table of contents: what there is, and where it is loaded from once it is named. */
export interface Entry<T extends Group | AnyCommand = Group> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** The heading of the help under which it stands. */
  readonly section: string;
  readonly load: () => Promise<{ readonly default: T }>;
}

/** Every command there is, unloaded. */
export interface Tree {
  /** Groups, in the order of the help. */
  readonly contents: readonly Entry[];
  /** Commands that belong to no group. */
  readonly alone: readonly Entry<AnyCommand>[];
  /** Commands of a group that also stand at the root, by the word for them there. */
  readonly shortcuts: Readonly<Record<string, readonly [group: string, command: string, summary: string]>>;
}
