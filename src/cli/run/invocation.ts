import type { Settled } from '../../platform/names/lookups.ts';
import { brokenSetting } from '../../platform/names/unresolved.ts';
import type { Chosen } from '../language/calls.ts';
import { choose } from '../language/calls.ts';
import { type AnyCommand, type Given, type Group, nounOf, type Words } from '../language/command.ts';
import type { Globals } from '../language/globals.ts';

/** A command and the words given for its parts, not yet parsed. */
export interface Invocation {
  readonly group: Group;
  readonly command: AnyCommand;
  /** As typed: `site deploy` or `deploy`. */
  readonly path: string;
  readonly globals: Globals;
  /** What the word of a destination was taken for. Unless that is certain, it may be the other. */
  readonly destination?: { readonly parent: 'server' | 'site'; readonly certain: boolean };
  /** By path parameter: `{site}` may be given several times. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  readonly options: Words;
  readonly fields: Words;
  readonly body: { readonly field: readonly string[]; readonly data: string | undefined };
  readonly consent: Given;
}

/** The words for the noun of the group; may be empty. */
export const ownWords = ({ group, targets }: Pick<Invocation, 'group' | 'targets'>): readonly string[] => targets[nounOf(group)] ?? [];

/** True if a command takes a server or a site by position. */
export const takesDestination = ({ options = {} }: Pick<AnyCommand, 'options'>): boolean =>
  Object.values(options).some(({ destination }) => destination);

/** The endpoints that this command line calls. */
export function callsOf(invocation: Invocation, settled: Settled): Chosen {
  const { command, targets, options, fields } = invocation;
  if (typeof command.calls === 'function') {
    const also = command.calls(options).map((endpoint) => ({ endpoint, when: undefined }));
    return { endpoint: undefined, instead: undefined, also };
  }
  const given = (name: string) =>
    [targets[name], options[name], fields[name]].some((word) => word !== undefined && word !== false && word.toString() !== '');
  return choose(command.calls, given, (name) => {
    // A server from the link file or profile must not hide resources on other servers.
    if (name === 'server') return settled.server !== undefined && settled.origins?.server === 'environment';
    if (name !== 'site' || given('server')) return false;
    // DNX_SERVER is a destination, too, and the environment overrides the link file and the profile.
    const { server, site } = settled.origins ?? {};
    if (takesDestination(command) && server === 'environment' && site !== 'environment') return false;
    const broken = settled.site === undefined ? brokenSetting('site', settled) : undefined;
    if (broken) throw broken;
    return settled.site !== undefined;
  });
}
