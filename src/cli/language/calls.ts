import { type Endpoint, isRead, type Names, parameters } from '../../platform/api/endpoint.ts';
import type { Target, Targets } from '../../platform/names/names.ts';

/**
 * What a command calls. If the option or parent `when` is given, or one of them, `instead` replaces the first endpoint, and `also` is called too; with `unless`,
 * if it is not given; with `and`, if both are given.
 * For `instead`, a parent from the environment, the link file or the profile counts as given.
 */
export type Call =
  | Endpoint
  | { readonly when: string; readonly instead: Endpoint }
  | { readonly when: string | readonly string[]; readonly also: readonly Endpoint[] }
  | { readonly when: string; readonly and: string; readonly also: readonly Extract<Endpoint, `GET ${string}`>[] }
  | { readonly unless: string; readonly also: readonly Endpoint[] };

/** One endpoint or several; the first declares the arguments. */
export type Calls = Endpoint | readonly Call[];

type EndpointsOf<K> = K extends Endpoint
  ? K
  : K extends { readonly instead: infer E }
    ? E
    : K extends { readonly also: readonly (infer E)[] }
      ? E
      : never;
type First<C> = C extends Endpoint ? C : C extends readonly [infer F, ...(readonly unknown[])] ? (F extends Endpoint ? F : never) : never;
type Instead<C> = C extends readonly (infer K)[] ? (K extends { readonly instead: infer E extends string } ? E : never) : never;

/** Every endpoint of `calls`. */
export type Called<C> = (C extends readonly (infer K)[] ? EndpointsOf<K> : EndpointsOf<C>) & Endpoint;

/** The resolved parameters of `calls`. Those of the first endpoint are always present. */
export type TargetsIn<C> = [Names<First<C>> | Names<Instead<C>>] extends [never]
  ? Targets
  : { readonly [N in Names<First<C>>]: Target } & { readonly [N in Exclude<Names<Instead<C>>, Names<First<C>>>]?: Target };

const listed = (calls: Calls | undefined): readonly Call[] => (calls === undefined ? [] : typeof calls === 'string' ? [calls] : calls);

/** Each operation, and the option it depends on. */
export const conditionsIn = (calls: Calls | undefined): readonly (readonly [endpoint: Endpoint, when: string | undefined])[] =>
  listed(calls).flatMap((call): (readonly [Endpoint, string | undefined])[] => {
    if (typeof call === 'string') return [[call, undefined]];
    const endpoints = 'instead' in call ? [call.instead] : call.also;
    return ('unless' in call ? [undefined] : [call.when].flat()).flatMap((when) => endpoints.map((endpoint) => [endpoint, when] as const));
  });

/** Every operation that may be called, in declaration order. */
export const operationsIn = (calls: Calls | undefined): Endpoint[] => conditionsIn(calls).map(([endpoint]) => endpoint);

const replacementsIn = (calls: Calls | undefined) =>
  listed(calls).flatMap((call) => (typeof call !== 'string' && 'instead' in call ? [call] : []));

/** The endpoint that declares the arguments, and those that may replace it. */
export const pathsIn = (calls: Calls | undefined): { readonly first: Endpoint | undefined; readonly others: readonly Endpoint[] } => {
  const [first] = listed(calls);
  return { first: typeof first === 'string' ? first : undefined, others: replacementsIn(calls).map(({ instead }) => instead) };
};

/** The parents and options that replace the first endpoint. */
export const alternativesIn = (calls: Calls | undefined): string[] => replacementsIn(calls).map(({ when }) => when);

/** The endpoint that a command line calls, and the additional ones. */
export interface ChosenCalls {
  readonly endpoint: Endpoint | undefined;
  /** The parent or option that replaced the first endpoint, if any. */
  readonly instead: string | undefined;
  readonly also: readonly { readonly endpoint: Endpoint; readonly when: string | undefined }[];
}

/** Every endpoint that a command line calls. */
export const endpointsIn = ({ endpoint, also }: ChosenCalls): readonly Endpoint[] => [
  ...(endpoint ? [endpoint] : []),
  ...also.map((call) => call.endpoint),
];

/** True if a command line changes nothing. */
export const onlyReads = (chosen: ChosenCalls): boolean => endpointsIn(chosen).every(isRead);

/** Chooses the endpoints. `isGiven`: on the command line; `isDefault`: a parent from the settings. */
export function choose(calls: Calls | undefined, isGiven: (name: string) => boolean, isDefault: (name: string) => boolean): ChosenCalls {
  const all = listed(calls);
  const instead = replacementsIn(calls);
  const taken = instead.find(({ when }) => isGiven(when)) ?? instead.find(({ when }) => isDefault(when));
  const [first] = all;
  const endpoint = taken?.instead ?? (typeof first === 'string' ? first : undefined);
  const also = all.flatMap((call, index): ChosenCalls['also'] => {
    if (typeof call === 'string') return index === 0 ? [] : [{ endpoint: call, when: undefined }];
    if ('unless' in call)
      return isGiven(call.unless) || taken?.when === call.unless ? [] : call.also.map((endpoint) => ({ endpoint, when: undefined }));
    if ('instead' in call) return [];
    if ('and' in call && !isGiven(call.and)) return [];
    const when = [call.when].flat().find(isGiven);
    return when === undefined ? [] : call.also.map((endpoint) => ({ endpoint, when }));
  });
  return { endpoint, instead: taken?.when, also };
}

/** The path parameters of these endpoints, without duplicates. */
export const parametersOf = (...endpoints: readonly (string | undefined)[]): string[] => [
  ...new Set(endpoints.flatMap((call) => parameters(call ?? ''))),
];
