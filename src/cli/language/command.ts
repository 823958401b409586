import type { Ci } from '../../machine/ci.ts';
import type { Tokens } from '../../machine/credentials/tokens.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import type { Clock, World } from '../../machine/world.ts';
import type { Api } from '../../platform/api/client.ts';
import type { Endpoint, Params } from '../../platform/api/endpoint.ts';
import type { Targets } from '../../platform/names/names.ts';
import type { Progress } from '../output/progress.ts';
import type { Column, Result, View } from '../output/view.ts';
import type { Ask } from '../prompt/ask.ts';
import type { Options, Values } from './options.ts';

/** What a command is given. It takes what it uses: `Pick<Context, 'clock' | 'signal'>`. */
export interface Context {
  readonly api: Api;
  readonly ask: Ask;
  readonly progress: Progress;
  readonly ci: Ci;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What the path parameters were resolved to, by name: `targets.site.label`. */
  readonly targets: Targets;
  /** All of them, for a command that takes several together. */
  readonly all: readonly Targets[];
  /** The same for an endpoint that is known only once the options are read. `given`: ids or names, by parameter. */
  readonly resolve: (endpoint: string, given: Readonly<Record<string, string | undefined>>) => Promise<Targets>;
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
}

/**
 * A command as a plain value: what it calls, what it takes, and how it computes a view. It never prints. Everything else is made of
 * this: arguments, help, completion, the abilities that it needs. `name`, `summary`, `examples` and `run` are all that it must have.
 */
export interface Command<E extends Endpoint, O extends Options> {
  /** The word for it after the group's, in kebab-case: `restart`. */
  readonly name: string;
  /** Other words for it. */
  readonly aliases?: readonly string[];
  /** What it does, in a line without a full stop. It begins with the verb that the question for consent repeats. */
  readonly summary: string;
  /** What else `--help` says, in sentences: exit codes, what is particular. */
  readonly description?: string;
  /**
   * What it calls, as the API reference writes it. Its parameters are arguments: `{noun}` of the group is positional, every other
   * `{name}` is `--name`. `run` gets them as ids. None: it calls nothing, or what it calls depends on its options.
   */
  readonly endpoint?: E;
  /** The further operations that it always calls. They add to the abilities that it needs, and no arguments. */
  readonly uses?: readonly Endpoint[];
  /** The operations that its words name, where no endpoint can be declared: `dnx api METHOD PATH`. */
  readonly asks?: (words: Readonly<Record<string, unknown>>) => readonly Endpoint[];
  /**
   * Takes several targets. `true`: `run` is called for each, one after the other, and each is reported.
   * `together`: `run` is called once, with all of them in `ctx.all`; an option `all` then means every one there is.
   */
  readonly many?: boolean | 'together';
  /** Runs also where nothing says which target is meant: `ctx.targets` is empty then. */
  readonly targetless?: boolean;
  /** What the user must agree to before it acts. Gives it `--yes`, or `--confirm`. */
  readonly consent?: Consent;
  /** What to know when it is done, as a sentence on stderr. */
  readonly afterwards?: string;
  /** What it takes besides, by the name of the JSON field: `php_version` is `--php-version`, and `args.php_version` in `run`. */
  readonly options?: O;
  /** Takes `-F key=value` and `--data` for any field of the body. `run` gets them as `args.extra`; `bodyOf` merges them over the flags. */
  readonly body?: boolean;
  /** The columns that it prints of the API's answer, for `dnx doctor --contract` to compare. */
  readonly shows?: readonly Column[];
  /** Command lines without `dnx` and the group, the simplest first. They are tests: each must work against the sandbox as it is seeded. */
  readonly examples: readonly string[];
  /** Calls the API through `ctx` and computes a view. It throws a DnxError when it fails, and leaves all that is printed to the view. */
  readonly run: (ctx: Context, args: Params<E> & Values<O>) => Promise<View | Result>;
}

/** A command whose argument types have been forgotten: what the tree, help and completions see. */
export interface AnyCommand extends Omit<Command<Endpoint, Options>, 'run'> {
  // biome-ignore lint/suspicious/noExplicitAny: the one place where a command's argument types are forgotten
  readonly run: (ctx: Context, args: any) => Promise<View | Result>;
}

/** A group of commands: a file of `src/commands`. */
export interface Group {
  /** The word for it after `dnx`, in kebab-case and singular; its plural means the same. */
  readonly name: string;
  /** The group's own thing, as endpoints name it: `daemon` for `{daemon}`. */
  readonly noun: string;
  /** The same as in the table of contents, which is read without loading the group. */
  readonly summary: string;
  /** In the order of the help. */
  readonly commands: readonly AnyCommand[];
}

/** What a command at the root belongs to: nothing of it is positional by its noun. */
export const noGroup: Group = { name: '', noun: '', summary: '', commands: [] };

/** Declares a command; its type carries the parameters of its endpoint and the values of its options to `run`. */
export const command = <const E extends Endpoint = never, const O extends Options = Record<never, never>>(
  definition: Command<E, O>,
): Command<E, O> => definition;
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
