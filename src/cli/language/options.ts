import type { Endpoint } from '../../platform/api/endpoint.ts';

/** How the words on the command line become a value. `content` may be `@file` or `-`; a `secret` must be, so that it never is an argument. */
export type Kind = 'text' | 'integer' | 'flag' | 'list' | 'duration' | 'content' | 'secret';

/** Where the value of an option comes from: a list of the API, whose parameters are fields given before this one. */
export interface From {
  readonly list: Endpoint;
  /** Of what is listed, only what agrees with the value given before for this field. */
  readonly where?: string;
  /** A name becomes the id of the thing that has it. Without it the word is sent as it is. */
  readonly resolve?: true;
}

/** How an option that may be left out is asked for on a terminal. */
export interface Prompt {
  /** Asked only if this holds for the values given so far. */
  readonly when?: (given: Readonly<Record<string, unknown>>) => boolean;
  /** Values that suit what was given so far, offered first. */
  readonly offers?: (given: Readonly<Record<string, unknown>>) => readonly string[];
  /** The answer that leaves the option out: `No repository`. */
  readonly none?: string;
}

/** One thing that a command takes. `V` is the type of its value inside `run`; the key it is declared under is its only name. */
export interface Option<V> {
  readonly kind: Kind;
  readonly help: string;
  readonly placeholder?: string;
  readonly short?: string;
  readonly required?: boolean;
  /** By analogy: the API reference does not state this field. Shown in `--help`, never enforced. */
  readonly assumed?: boolean;
  /** Offered in help, completion and prompts. Only a `strict` option refuses others: the API's enums are the API's to check. */
  readonly choices?: readonly string[];
  readonly strict?: boolean;
  /** The least that a whole number may be; of a duration, in ms. */
  readonly least?: number;
  /** A flag that can also be given as `--no-…`. */
  readonly negatable?: boolean;
  /** `argument`: given by its position alone. `either`: by position or as a flag, as the natural key of a create. */
  readonly place?: 'argument' | 'either';
  readonly from?: From;
  /** Asked for on a terminal although it may be left out. */
  readonly prompt?: Prompt;
  /** The environment variable that gives it where the command line does not. */
  readonly env?: string;
  /** Words of another program: from the first of them on, nothing is an option of dnx. */
  readonly rest?: boolean;
  /** A field that a parent fills: `site_id` is the id of the `site`, which is given as `--site`. */
  readonly as?: string;
  /** Throws where the words are wrong in themselves, before anything is asked or sent. */
  readonly check?: (words: readonly string[]) => void;
  readonly type?: V;
}

// biome-ignore lint/suspicious/noExplicitAny: the one place where an option's value type is forgotten
export type Options = Readonly<Record<string, Option<any>>>;
export type Values<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? V : never };

export const text = (help: string, placeholder?: string): Option<string | undefined> => ({
  kind: 'text',
  help,
  ...(placeholder && { placeholder }),
});
export const integer = (help: string, placeholder = 'n'): Option<number | undefined> => ({ kind: 'integer', help, placeholder });
/** How many of something: at least one. */
export const count = (help: string): Option<number | undefined> => ({ ...integer(help), least: 1 });
export const flag = (help: string): Option<boolean | undefined> => ({ kind: 'flag', help });
export const toggle = (help: string): Option<boolean | undefined> => ({ kind: 'flag', help, negatable: true });
export const list = (help: string, placeholder?: string): Option<readonly string[] | undefined> => ({
  kind: 'list',
  help,
  ...(placeholder && { placeholder }),
});
/** Milliseconds, written as `90s`, `15m` or `2h`; a bare number is seconds. */
export const duration = (help: string): Option<number | undefined> => ({ kind: 'duration', help, placeholder: 'duration' });
export const content = (help: string): Option<string | undefined> => ({ kind: 'content', help, placeholder: 'text|@file|-' });
export const secret = (help: string): Option<string | undefined> => ({ kind: 'secret', help, placeholder: '@file|-' });
/** One of our own words; others are refused. */
export const choice = <const C extends readonly string[]>(help: string, choices: C): Option<C[number] | undefined> => ({
  kind: 'text',
  help,
  choices,
  strict: true,
  placeholder: choices.join('|').length > 30 ? 'value' : choices.join('|'),
});

export const required = <V>(option: Option<V | undefined>): Option<V> => ({ ...option, required: true }) as Option<V>;
export const assumed = <V>(option: Option<V>): Option<V> => ({ ...option, assumed: true });
/** Values that the API is known or assumed to take: shown, never enforced. */
export const suggest = <V>(option: Option<V>, ...choices: readonly string[]): Option<V> => ({ ...option, choices });
export const argument = <V>(option: Option<V>): Option<V> => ({ ...option, place: 'argument' });
/** The command line of another program. */
export const rest = (help: string): Option<readonly string[]> => ({ ...argument(required(list(help))), rest: true });
/** The natural key of a create: `dnx server create web-3` is `--name web-3`. */
export const natural = <V>(option: Option<V>): Option<V> => ({ ...option, place: 'either' });
export const from = <V>(option: Option<V>, where: From): Option<V> => ({ ...option, from: where });
export const prompted = <V>(option: Option<V>, prompt: Prompt = {}): Option<V> => ({ ...option, prompt });

/** Whether to follow asynchronous work, and for how long. */
export const following = {
  wait: toggle('Follow it to its end; by default where the token can'),
  timeout: { ...duration('How long to wait (15m)'), least: 1, env: 'DNX_TIMEOUT' },
};

export type Optional<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? Option<V | undefined> : never };

/** The fields of a create as those of an update: none is required, none positional. */
export const optional = <O extends Options>(options: O): Optional<O> =>
  Object.fromEntries(
    Object.entries(options).map(([key, { place: _, prompt: __, ...option }]) => [key, { ...option, required: false }]),
  ) as unknown as Optional<O>;
