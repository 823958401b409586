import type { Endpoint } from '../../platform/api/endpoint.ts';

/** How a word is parsed. `content` may be `@file` or `-`; a `secret` must be, so it never appears in argv. */
export type Kind = 'text' | 'integer' | 'flag' | 'list' | 'duration' | 'content' | 'secret';

/** An API list that offers the values of an option. Its parameters are fields given earlier. */
export interface From {
  readonly list: Endpoint;
  /** Offers only items that match the earlier value of this field. */
  readonly where?: string;
  /** Sends the id of the named item instead of the word. */
  readonly resolve?: true;
}

/**
 * What a command does at most, from least to most. `read`: changes nothing. `local`: also files and settings of this machine. `change`: also
 * what is at Deploynix or on a server. `destroy`: also what cannot be put back. `program`: whatever the program does that it runs, or the
 * person to whom it gives a terminal.
 */
export const effects = ['read', 'local', 'change', 'destroy', 'program'] as const;
export type Effect = (typeof effects)[number];

/**
 * How far a command or an option reaches, where its requests do not tell. `account`: to other tokens. `outlasts`: past the end of a session.
 * `server`: to whatever a server runs, over SSH. `machine`: to any file or address of this computer. `endless`: it never ends. `whole`: to all
 * of the account, with nothing hidden.
 */
export type Reach = 'account' | 'outlasts' | 'server' | 'machine' | 'endless' | 'whole';

/** What a command or an option shows: values of variables, rows of databases, or any file of a server. */
export type Shows = 'values' | 'rows' | 'files';

/** How to prompt for an optional value. */
export interface Prompt {
  /** Asked only if this holds for the values given so far. */
  readonly when?: (values: Readonly<Record<string, unknown>>) => boolean;
  /** Suggestions for what was given so far, offered first. */
  readonly offers?: (values: Readonly<Record<string, unknown>>) => readonly string[];
  /** What its choices mean: `app` is `Web server, PHP and database`. */
  readonly explained?: Readonly<Record<string, string>>;
  /** Only if something else was asked for, so that a complete command line is not followed by a question. For a flag, yes or no. */
  readonly after?: { readonly enter: boolean };
  /** The answer that leaves the option out: `No repository`. Of a flag, the question. */
  readonly none?: string;
  /** What is wrong with a typed answer, which is then asked for again. The value of a flag is left to the API. */
  readonly check?: (typed: string) => string | undefined;
}

/** An option, field or argument. `V` is the type of its value in `run`; its key in the declaration is its name. */
export interface Option<V> {
  readonly kind: Kind;
  readonly help: string;
  /** The heading in `--help`; `Options` if there is none. */
  readonly section?: string;
  readonly placeholder?: string;
  readonly short?: string;
  readonly required?: boolean;
  /** Not stated by the API reference. Shown by `--help --api`, never enforced. */
  readonly assumed?: boolean;
  /** Shown in help, completion and prompts. Only a `strict` option rejects other values. */
  readonly choices?: readonly string[];
  readonly strict?: boolean;
  /** Minimum of an integer, or of a duration in ms. */
  readonly least?: number;
  /** Also takes `--no-…`. */
  readonly negatable?: boolean;
  /** `argument`: positional only. `either`: positional or an option, such as the natural key of a create. */
  readonly place?: 'argument' | 'either';
  readonly from?: From;
  /** Prompts for it on a terminal even though it is optional. */
  readonly prompt?: Prompt;
  /** For `timeout`: it starts when the command says so, not with its first request. */
  readonly later?: true;
  /** A value that is valid, for the error about one that is not. */
  readonly example?: string;
  /** The environment variable to use if the option is not given. */
  readonly env?: string;
  /** The command line of another program: from its first word on, options are not ours. */
  readonly rest?: boolean;
  /** A server or a site, by position: it is the same as `--server` or `--site`. */
  readonly destination?: true;
  /** The site by position, before what the command works on: see `leadsWithSite`. */
  readonly leads?: true;
  /** The site by position comes before it, and may be left out. */
  readonly follows?: true;
  /** It and the destination after it may change places, if only the other word looks like this. */
  readonly looks?: RegExp;
  /** It comes before the site by position, which must be given: `env copy FROM SITE`. */
  readonly precedes?: true;
  /** For `rest`: needs no `--` before it. After a site that may be left out, its first word has no dot. */
  readonly bare?: true;
  /** The parent whose id fills this field: `site_id` with `as: 'site'` is given as `--site`. */
  readonly as?: string;
  /** Its words hold values that are not repeated on the terminal. */
  readonly confidential?: true;
  /** What the command does with it, if that is more; `read` if it only reads with it: `--print`. */
  readonly effect?: Effect;
  readonly reach?: Reach;
  readonly reveals?: Shows;
  /** May name a site, which is looked up unless the word looks like a file. */
  readonly names?: 'site';
  /** Throws on invalid words before dnx prompts or sends anything. */
  readonly check?: (words: readonly string[]) => void;
  readonly type?: V;
}

// biome-ignore lint/suspicious/noExplicitAny: the only place that drops an option's value type
export type Options = Readonly<Record<string, Option<any>>>;
/** What a command line gives for options that may all be left out. */
export type Given<T> = { readonly [K in keyof T]: T[K] | undefined };

export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? V : never };

export const text = (help: string, placeholder?: string): Option<string | undefined> => ({
  kind: 'text',
  help,
  ...(placeholder && { placeholder }),
});
export const integer = (help: string, placeholder = 'n'): Option<number | undefined> => ({ kind: 'integer', help, placeholder });
/** An integer of at least 1. */
export const count = (help: string): Option<number | undefined> => ({ ...integer(help), least: 1 });
export const flag = (help: string): Option<boolean | undefined> => ({ kind: 'flag', help });
export const toggle = (help: string): Option<boolean | undefined> => ({ kind: 'flag', help, negatable: true });
export const list = (help: string, placeholder?: string): Option<readonly string[] | undefined> => ({
  kind: 'list',
  help,
  ...(placeholder && { placeholder }),
});
/** In milliseconds, written as `90s`, `15m` or `2h`; a bare number is seconds. */
export const duration = (help: string): Option<number | undefined> => ({ kind: 'duration', help, placeholder: 'duration' });
export const content = (help: string): Option<string | undefined> => ({ kind: 'content', help, placeholder: 'text|@file|-' });
export const secret = (help: string): Option<string | undefined> => ({ kind: 'secret', help, placeholder: '@file|-' });
/** For a command that deletes. */
export const ifExists = { if_exists: flag('Exit with 0 if it does not exist') } as const;
/** For a command that shows a state. */
export const watching = { ...flag('Keep it up to date until Ctrl-C'), reach: 'endless' } as const;
/** One of these words; rejects others. */
export const choice = <const C extends readonly string[]>(help: string, choices: C): Option<C[number] | undefined> => ({
  kind: 'text',
  help,
  choices,
  strict: true,
  placeholder: choices.join('|').length > 30 ? 'value' : choices.join('|'),
});

export const required = <V>(option: Option<V | undefined>): Option<V> => ({ ...option, required: true }) as Option<V>;
export const assumed = <V>(option: Option<V>): Option<V> => ({ ...option, assumed: true });
/** Known values, shown but not enforced. */
export const suggest = <V>(option: Option<V>, ...choices: readonly string[]): Option<V> => ({ ...option, choices });
export const argument = <V>(option: Option<V>): Option<V> => ({ ...option, place: 'argument' });
/** The command line of another program. */
export const rest = (help: string): Option<readonly string[]> => ({ ...argument(required(list(help))), rest: true });
/** A server or a site by position. A word with a dot or a slash is a site, unless it is an IP address. */
export const destination = (help: string): Option<undefined> =>
  ({ ...argument(text(help, 'server|site')), destination: true }) as Option<undefined>;
/** The natural key of a create: `dnx server create web-3` is `--name web-3`. */
export const natural = <V>(option: Option<V>): Option<V> => ({ ...option, place: 'either' });
export const from = <V>(option: Option<V>, where: From): Option<V> => ({ ...option, from: where });
export const prompted = <V>(option: Option<V>, prompt: Prompt = {}): Option<V> => ({ ...option, prompt });

/** Puts options under a heading in `--help`. */
export const under = <const O extends Options>(section: string, options: O): O =>
  Object.fromEntries(Object.entries(options).map(([key, option]) => [key, { ...option, section }])) as O;

/** Whether to wait for asynchronous work to finish, and for how long. */
export const following = under('Follow', {
  wait: toggle('Wait for the result (default if the token allows it)'),
  timeout: { ...duration('Stop waiting after this long (default 15m)'), least: 1, env: 'DNX_TIMEOUT' },
  notify: {
    ...list('When done: a URL to post to, or a command', 'how'),
    env: 'DNX_NOTIFY',
    // A webhook URL is a secret.
    confidential: true,
    effect: 'program',
  },
});

/** For pipelines. `features/ci` does what they say, for every command that has them. */
export const reporting = under('CI', {
  result_file: { ...list('Also write the result to this file; as variables if it ends in .env', 'file'), effect: 'local' },
  ci: toggle('Annotate failures and group the log (default in GitHub Actions and GitLab)'),
});

export type Optional<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? Option<V | undefined> : never };

/** The fields of a create for an update: none required, none positional. */
export const optional = <O extends Options>(options: O): Optional<O> =>
  Object.fromEntries(
    Object.entries(options).map(([key, { place: _, prompt: __, ...option }]) => [key, { ...option, required: false }]),
  ) as unknown as Optional<O>;
