import { type Endpoint, isRead } from '../../platform/api/endpoint.ts';
import { choose, conditionsIn, endpointsIn, pathsIn } from './calls.ts';
import type { AnyCommand, Words } from './command.ts';
import { dryRunOptions } from './globals.ts';
import { type Effect, effects, type Options } from './options.ts';
import { consentLevel, isPlannable, mayChange } from './tree.ts';

/**
 * What a command line does at most, by its words: see `wordsIn`. Without words, what the command does without options; if they name the endpoint,
 * as in `dnx api`, what it could do.
 */
export function effectOf(command: AnyCommand, words?: Words): Effect {
  const stated = statedBy(command, words);
  const plain = stated.includes('read') ? 'read' : (command.effect ?? derivedEffect(command, words));
  return [plain, ...stated].reduce((one, other) => (exceeds(other, one) ? other : one));
}

/** True if an option is given with which the command only reads. */
export const onlyReadsWith = (command: AnyCommand, words?: Words): boolean => statedBy(command, words).includes('read');

/** What a command line changes at Deploynix or on a server: an operation, or '' if that is not known; undefined if it changes nothing there. */
export function changeIn(command: AnyCommand, words: Words): Endpoint | '' | undefined {
  const stated = statedBy(command, words);
  if (command.signs || stated.includes('read')) return undefined;
  const change = endpointsOfLine(command, words)?.find((each) => !isRead(each));
  const others = [...stated, ...(change === undefined ? [command.effect ?? derivedEffect(command, words)] : [])];
  return change ?? (others.some((each) => each === 'change' || each === 'destroy') ? '' : undefined);
}

const statedBy = (command: AnyCommand, words: Words | undefined): readonly Effect[] =>
  Object.entries(statedEffects(command)).flatMap(([name, effect]) => (isGiven(words, name) ? [effect] : []));

/** The options with which a command does more than without them, or only reads, and what it does then. */
export function effectsWithOptions(command: AnyCommand): Readonly<Record<string, Effect>> {
  const plain = effectOf(command);
  const conditional = typeof command.calls === 'function' ? [] : conditionsIn(command.calls).flatMap(([, when]) => when ?? []);
  const names = [...new Set([...Object.keys(statedEffects(command)), ...conditional])];
  const found = names.map((name) => [name, effectOf(command, { [name]: true })] as const);
  return Object.fromEntries(found.filter(([, effect]) => exceeds(effect, plain) || (effect === 'read' && plain !== 'read')));
}

const exceeds = (one: Effect, other: Effect): boolean => effects.indexOf(one) > effects.indexOf(other);

const isGiven = (words: Words | undefined, name: string): boolean => Boolean(words?.[name]?.toString()) && words?.[name] !== false;

/** The options with an effect of their own. What a command declares holds in a dry run, too: it opens an editor. */
function statedEffects(command: AnyCommand): Readonly<Record<string, Effect>> {
  const options: Options = { ...(isPlannable(command) && command.effect === undefined && dryRunOptions), ...command.options };
  return Object.fromEntries(Object.entries(options).flatMap(([name, { effect }]) => (effect ? [[name, effect]] : [])));
}

function derivedEffect(command: AnyCommand, words: Words | undefined): Effect {
  if (command.signs) return 'change';
  // What names nothing at Deploynix is on this computer: `dnx db import FILE`.
  if (consentLevel(command) === 'severe') return command.named && words && !words.site ? 'local' : 'destroy';
  // Nothing tells what it does.
  if (command.calls === undefined) return 'program';
  const endpoints = endpointsOfLine(command, words);
  if (endpoints === undefined || endpoints.some((each) => each.startsWith('DELETE '))) return 'destroy';
  return endpoints.every(isRead) ? 'read' : 'change';
}

/** The endpoints that a command line may call, with any settings; undefined if it could be any. */
function endpointsOfLine(command: AnyCommand, words: Words | undefined): readonly Endpoint[] | undefined {
  const { calls } = command;
  if (typeof calls === 'function') return words === undefined && mayChange(command) ? undefined : calls(words ?? {});
  return [
    ...endpointsIn(
      choose(
        calls,
        (name) => isGiven(words, name),
        () => false,
      ),
    ),
    ...pathsIn(calls).others,
  ];
}
