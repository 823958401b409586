import type { Detail } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import type { Ci } from '../../machine/ci.ts';
import type { Tokens } from '../../machine/credentials/tokens.ts';
import type { ReportFormat, Settings } from '../../machine/settings/settings.ts';
import type { Clock, World } from '../../machine/world.ts';
import type { Api, Query, Reply } from '../../platform/api/api.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import type { Target, Targets } from '../../platform/names/names.ts';
import type { ReachedPlace } from '../../platform/names/places.ts';
import type { Everywhere } from '../../platform/names/site-search.ts';
import type { Progress } from '../output/progress.ts';
import type { Result, View } from '../output/view.ts';
import type { Ask } from '../prompt/ask.ts';
import type { Called, Calls, TargetsIn } from './calls.ts';
import type { Globals } from './globals.ts';
import type { Effect, Options, Reach, Shows, Values } from './options.ts';
import type { failedItem, JsonSchema, Printed, Shape } from './shape.ts';

/** What `run` gets. Helpers take only what they use: `Pick<Context, 'clock' | 'signal'>`. `E` are the declared endpoints. */
export interface Context<E extends Endpoint = Endpoint> {
  /** Sends the declared endpoint, or another of `calls`, with the ids of the targets and the body. */
  call<T>(
    endpoint?: E,
    options?: { readonly body?: unknown; readonly params?: Readonly<Record<string, string>>; readonly assume?: JsonObject },
  ): Promise<Reply<T>>;
  list<T>(endpoint?: E, options?: { readonly query?: Query; readonly retry?: boolean }): Promise<T[]>;
  /** Reads a list that is printed as it is: with `--limit`, no more pages than that takes. */
  shown<T extends object = object>(endpoint?: E, options?: { readonly query?: Query }): Promise<T[]>;
  /** Runs once per item, one after the other by default, and reports each. `noun`: what they are, if not what the group is about. */
  each<I extends NamedItem, D>(
    items: readonly I[],
    run: (item: I) => Promise<View<D> | Result<D>>,
    atATime?: number,
    noun?: string,
  ): Promise<Result<Several<D>>>;
  /** With the option `timeout` or a `limitMs`, requests end at `deadline`. */
  readonly api: Api;
  /** The end of `--timeout` or `limitMs`, in ms of the monotonic clock. */
  readonly deadline: number;
  /** `--timeout` or `limitMs`, in ms: how long the user waits until the deadline. */
  readonly timeoutMs: number;
  readonly ask: Ask;
  readonly progress: Progress;
  readonly ci: Ci;
  readonly settings: Settings;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The sites of every server, or of that of `--server`. */
  readonly everySite: () => Promise<Everywhere>;
  /** Looks up the targets of a path that depends on the options: by these words, if any, instead of those of the command line. */
  readonly resolve: (path: string, words?: Readonly<Record<string, string | undefined>>) => Promise<Targets>;
  /** Where the targets are, as ssh needs it. What was reached within the hour is checked while it connects. */
  readonly reach: () => Promise<ReachedPlace>;
  /** The name of a target, or of something that was listed at most `maxAge` ms ago, by its noun and id. */
  readonly nameOf: (noun: string, id: unknown, maxAge?: number) => string | undefined;
  /** True if the command line names this parameter: `site`. */
  readonly isGiven: (noun: string) => boolean;
  readonly stdin: () => Promise<string>;
  readonly world: World;
  /** Every command, for commands about commands. */
  readonly tree: Tree;
  readonly runLine: RunLine;
  /** In a dry run: it records what the API client does not send. The command must not write anything on this machine. */
  readonly recorder?: Recorder | undefined;
}

/** What a command adds to a dry run besides the requests that it would send. */
export interface Recorder {
  /** The consent that the command would need, if it is stricter than what it declares. `name`: what `--confirm` names. */
  consent(level: Consent['level'], name?: string): void;
  /** Where a secret was read: `file://key.pem`. Without it, a secret cannot be saved in a plan. */
  source(value: string, reference: string): void;
  /** Facts about the next change, or about all if `whole`: an object for scripts, lines for people. */
  about(data: JsonObject, details: readonly Detail[], whole?: boolean): void;
  /** What the plan holds of the next change, a deployment. `unsaved`: why it cannot be saved. */
  deployment(held: PlannedDeployment, unsaved?: string): void;
}

/** What a plan holds of a deployment besides its request. */
export interface PlannedDeployment {
  /** The commit that it deploys; null if that is unknown. */
  readonly commit: string | null;
  readonly branch: string | null;
  /** The repository of the branch, such as `example/shop`; null if it is unknown. */
  readonly repository: string | null;
  readonly verify: PlannedVerification | null;
  readonly rollback_on_fail: boolean;
}

/** How the site is requested after a deployment, at its own address. */
interface PlannedVerification {
  readonly path: string;
  readonly expect: number;
  readonly expect_body: string | null;
  readonly for: number;
  readonly within_s: number;
}

/**
 * The confirmation before a command acts. Moderate: y/N, answered by `--yes`.
 * Severe: type the name, answered by `--confirm NAME` but not by `--yes`.
 */
export interface Consent {
  readonly level: 'moderate' | 'severe';
  /** The verb of the question if it is not the summary's first word: `Roll back`. */
  readonly verb?: string;
  /** Shown before the question. */
  readonly warning?: string;
  /** What `--confirm` names, if not the target: `the database or site`. */
  readonly named?: string;
  /** Replaces the verb and the targets in the question. As a function, it may also say something before the question. */
  readonly action?: string | ((ctx: Context, all: readonly Targets[]) => Promise<string | undefined>);
  /** True if the command itself asks, once it knows what the question is about. Without a terminal it still needs `--yes` or `--confirm` before any request. */
  readonly deferred?: true;
}

/** The consent given on the command line. */
export interface GivenConsent {
  readonly yes: boolean;
  readonly confirm: string | undefined;
}

/** How many targets a command takes. `each`: runs once per target. `all`: runs once with all of them. `optional`: one or none. */
type TargetCount = 'one' | 'each' | 'all' | 'optional';

type Fillers<F extends Options> = {
  readonly [A in { [K in keyof F]: F[K] extends { readonly as: infer S extends string } ? S : never }[keyof F]]?: Target;
};

/** One of several things that a command acts on. What is not there yet has no id. */
export interface NamedItem {
  readonly id: string | null;
  readonly label: string;
}

/** What is printed of several targets: each, or why it failed; of one, only that. */
export type Several<D> = D | readonly (D | Printed<typeof failedItem>)[];

interface Args<C, T, O extends Options, F extends Options> {
  readonly targets: T extends 'all' ? readonly TargetsIn<C>[] : T extends 'optional' ? TargetsIn<C> | undefined : TargetsIn<C> & Fillers<F>;
  readonly options: Values<O>;
  readonly fields: Values<F>;
  /** The given fields, overridden by `-F` and `--data`. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly consent: GivenConsent;
}

/**
 * A command as a plain value: what it calls, what it takes, and how it computes a view. It never prints.
 * Arguments, help, completion and token abilities are derived from it.
 */
export interface Command<C extends Calls, T extends TargetCount, O extends Options, F extends Options, P = unknown> {
  /** In kebab-case: `restart`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  /** One line in the imperative, without a full stop. Confirmations reuse its first word. */
  readonly summary: string;
  /** More sentences for `--help`, after the examples. */
  readonly description?: string;
  /** Exit codes with a meaning of their own, for the end of `--help`: `1 failed, 11 rolled back`. */
  readonly exits?: string;
  /**
   * Endpoints as the API reference writes them. Parameters of the first are arguments: the group's `{noun}` is positional, every
   * other `{name}` is `--name`. A function if the command line names the endpoint, as in `dnx api`.
   */
  readonly calls?: C | ((words: Words) => readonly Endpoint[]);
  /** One by default. */
  readonly targets?: T;
  /** Edits the link file: its environments may be new, and its server and site are no defaults. */
  readonly links?: true;
  /** Its site is never a default: only the command line names it. */
  readonly named?: true;
  /** Trusts recent names, and checks them by `ctx.reach` or `ctx.call`. */
  readonly checks?: true;
  /** How long its requests may take, in ms, if it has no `timeout`. */
  readonly limitMs?: number;
  /**
   * What it does without the options that have an `effect` of their own. By default, from `calls` and `consent`: `read` if it sends only
   * GETs, `destroy` if it sends a DELETE or needs a severe consent, `change` otherwise. Without `calls`, nothing tells: `program`.
   */
  readonly effect?: Effect;
  readonly reach?: Reach;
  readonly reveals?: Shows;
  /** It compares values of variables, and shows none. */
  readonly compares?: true;
  readonly applies?: true;
  /** Signs in or out, which DNX_READ_ONLY allows. */
  readonly signs?: true;
  /** Adds a confirmation, and `--yes` or `--confirm`. A function if it has to read something first. */
  readonly consent?: Consent['level'] | Consent | ((ctx: Context, args: Args<C, T, O, F>) => Promise<Consent | undefined>);
  /** Asked after a summary, if dnx prompted for anything: `Create this server?`. A complete command line skips it. */
  readonly review?: string;
  /** Options that are not fields of the body. `exit_code` is `--exit-code`, and `options.exit_code` in `run`. */
  readonly options?: O;
  /** Options that go into the body, by JSON field. Adds `-F key=value` and `--data` for any other field. */
  readonly fields?: F;
  /**
   * What `run` prints with `--json`, for one target: the compiler compares both, and `dnx schema` shows it. A function, so that only that loads
   * it. Without it, the command prints what a program says, or nothing.
   */
  readonly prints?: () => Shape<P> | Promise<Shape<P>>;
  /** Output formats that only this command has. Its view formats them as `reports`. */
  readonly formats?: readonly ReportFormat[];
  /** Command lines without `dnx` and the group, simplest first. The tests run each against the sandbox. */
  readonly examples: readonly string[];
  /** Computes a result and prints nothing. Throws a DnxError on failure. */
  run(ctx: Context<Called<C>>, args: Args<C, T, O, F>): Promise<View<NoInfer<P>> | Result<NoInfer<P>>>;
}

/** The words of each parameter, option and field, before they are parsed. */
export type Words = Readonly<Record<string, string | boolean | readonly string[]>>;

/** A command and the words given for its parts, not yet parsed. */
export interface TypedLine {
  readonly group: Group;
  readonly command: AnyCommand;
  /** As typed: `site deploy` or `deploy`. */
  readonly path: string;
  readonly globals: Globals;
  /** By path parameter: `{site}` may be given several times. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** What a word was taken for that names a server or a site. Unless that is certain, it may be the other. */
  readonly destination?: { readonly parent: 'server' | 'site'; readonly certain: boolean };
  readonly options: Words;
  readonly fields: Words;
  readonly body: { readonly field: readonly string[]; readonly data: string | undefined };
  readonly consent: GivenConsent;
  /** The options of a dry run, if the command may change something. */
  readonly dryRun: { readonly wanted: boolean; readonly exitCode: boolean; readonly out: string | undefined };
}

/** Runs a command line in a World, and returns its exit code. `check` is called before anything happens. It throws to refuse the line, and returns false if reading it was all. */
export type RunLine = (argv: readonly string[], world: World, check?: (line: TypedLine) => boolean) => Promise<number>;

/** A command without its argument types, as the tree, help and completion see it. */
export interface AnyCommand extends Omit<Command<Calls, TargetCount, Options, Options>, 'run' | 'consent' | 'prints'> {
  // biome-ignore lint/suspicious/noExplicitAny: the only place that drops a command's argument types
  readonly consent?: Consent['level'] | Consent | ((ctx: Context, args: any) => Promise<Consent | undefined>);
  readonly prints?: () => JsonSchema | Promise<JsonSchema>;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  run(ctx: Context, args: any): Promise<View | Result>;
}

/** A group of commands: a file in `src/commands`. Its summary is in `commands/index.ts`, which loads groups on demand. */
export interface Group {
  /** In kebab-case and singular; the plural is an alias. */
  readonly name: string;
  /** The path parameter of the group's resource if it is not the name: `variable` for `env`. */
  readonly noun?: string;
  /** In the order of the help. */
  readonly commands: readonly AnyCommand[];
}

/** The group of a command at the root. Without a noun, no target is positional. */
export const rootGroup = ({ noun }: Pick<Entry, 'noun'>): Group => ({ name: '', ...(noun && { noun }), commands: [] });

/** The path parameter of the group's resource: `ssh_key` for `ssh-key`. */
export const nounOf = ({ name, noun }: Group): string => noun ?? name.replaceAll('-', '_');

/** Declares a command and infers the types of `run` from it. */
export const command = <
  const C extends Calls = never,
  const T extends TargetCount = 'one',
  const O extends Options = Record<never, never>,
  const F extends Options = Record<never, never>,
  P = unknown,
>(
  definition: Command<C, T, O, F, P>,
): Command<C, T, O, F, P> => definition;
/** Declares a group. */
export const group = (definition: Group): Group => definition;

/** An entry of the command tree. `load` runs only if the command line names it. */
export interface Entry<T extends Group | AnyCommand = Group> {
  readonly name: string;
  readonly noun?: 'site';
  readonly aliases?: readonly string[];
  /** The group whose commands it also takes: `db list` is `database list`. */
  readonly also?: string;
  readonly summary: string;
  /** Its heading in `dnx --help`. */
  readonly section: string;
  /** Its summary among the most used commands, if it is one. */
  readonly top?: string;
  readonly load: () => Promise<{ readonly default: T }>;
}

/** A help topic and where it is loaded from. */
export interface TopicEntry extends Pick<Entry, 'name' | 'summary'> {
  readonly load: () => Promise<Topic>;
}

/** Every command and topic, not loaded yet. */
export interface Tree {
  /** Groups, in the order of the help. */
  readonly contents: readonly Entry[];
  /** Commands that belong to no group. */
  readonly standalone: readonly Entry<AnyCommand>[];
  /** Commands that are also available at the root, by their name there. */
  readonly shortcuts: Readonly<Record<string, readonly [group: string, command: string, summary: string]>>;
  readonly topics: readonly TopicEntry[];
  /** Loaded for a command line that is wrong. */
  readonly guesses: () => Promise<Guesses>;
}

/** What to type instead of the words and options that people guess. */
export interface Guesses {
  readonly words: Readonly<Record<string, string>>;
  /** For a search alone: the words may stand anywhere in it. */
  readonly phrases: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** What to do about an option that has no counterpart. */
  readonly hints: Readonly<Record<string, string>>;
}

/** A term and what it means. */
export type Term = readonly [term: string, text: string];

/** A paragraph, a list of terms, or command lines. */
export type Block = string | readonly Term[] | { readonly run: readonly string[] };

/** A help page about more than one command: `dnx help exit-codes`. */
export interface Topic {
  readonly title: string;
  readonly body: readonly Block[];
}
