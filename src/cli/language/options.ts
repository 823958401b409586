import type { Endpoint } from '../../platform/api/endpoint.ts';

/** How the words on the command line become a value. `content` may be `@file` or `-`; a `secret` must be, so that it never is an argument. */
export type Kind = 'text' | 'integer' | 'flag' | 'list' | 'duration' | 'content' | 'secret';

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
  /** Operations that the command calls only when this option is given. */
  readonly uses?: readonly Endpoint[];
  /** A further parent: where it is given, or settled, the command acts on this endpoint instead of its own. */
  readonly within?: Endpoint;
  /** Holds the id of such a thing, whose name may be given instead. */
  readonly names?: string;
  /** Lists what may be answered on a terminal, as `{id, name}`; its parameters are fields given before this one. */
  readonly offers?: Endpoint;
  /** Of what is offered, only the things that agree with what was given before for this field. */
  readonly alike?: string;
  /** Asked for on a terminal although the API can do without. */
  readonly asked?: boolean;
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
/** The natural key of a create: `dnx server create web-3` is `--name web-3`. */
export const natural = <V>(option: Option<V>): Option<V> => ({ ...option, place: 'either' });
export const using = <V>(option: Option<V>, ...uses: readonly Endpoint[]): Option<V> => ({ ...option, uses });

/** Names one more parent, such as the site of a certificate, and what is called then. */
export const within = (option: Option<string | undefined>, endpoint: Endpoint): Option<string | undefined> => ({
  ...option,
  within: endpoint,
  uses: [endpoint],
});
/** The id of another thing, or its name: `reference(text('…'), 'credential', 'provider')` offers the credentials of the provider given. */
export const reference = <V>(option: Option<V>, noun: string, alike?: string): Option<V> => ({
  ...option,
  names: noun,
  ...(alike && { alike }),
});
export const offered = <V>(option: Option<V>, endpoint: Endpoint): Option<V> => ({ ...option, offers: endpoint });
export const asked = <V>(option: Option<V>): Option<V> => ({ ...option, asked: true });

/** Whether to follow asynchronous work, and for how long; `reads` is what following calls. */
export const waiting = (...reads: readonly Endpoint[]) => ({
  wait: using(toggle('Follow it to its end; by default where the token can'), ...reads),
  timeout: { ...duration('How long to wait (15m)'), least: 1 },
});

export type Optional<O extends Options> = { readonly [K in keyof O]: O[K] extends Option<infer V> ? Option<V | undefined> : never };

/** The fields of a create as those of an update: none is required, none positional. */
export const optional = <O extends Options>(options: O): Optional<O> =>
  Object.fromEntries(
    Object.entries(options).map(([key, { place: _, asked: __, ...option }]) => [key, { ...option, required: false }]),
  ) as unknown as Optional<O>;
