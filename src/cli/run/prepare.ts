import { within } from '../../platform/api/deadline.ts';
import { type Endpoint, isRead, parameters } from '../../platform/api/endpoint.ts';
import type { Scope } from '../../platform/names/lookups.ts';
import { idIn, type Targets, targetIds } from '../../platform/names/names.ts';
import type { ChosenCalls } from '../language/calls.ts';
import { type Context, nounOf } from '../language/command.ts';
import type { Inputs } from './inputs.ts';
import type { Invocation } from './invocation.ts';
import { firstWords } from './targets.ts';

/** The part of a context that does not depend on the target. */
export type BaseContext = Omit<
  Context,
  'call' | 'list' | 'pages' | 'each' | 'everySite' | 'resolve' | 'reach' | 'nameOf' | 'isGiven' | 'deadline' | 'timeoutMs'
>;

interface Prepared {
  readonly invocation: Invocation;
  readonly chosen: ChosenCalls;
  readonly inputs: Inputs;
  readonly all: readonly Targets[];
  readonly base: BaseContext;
  readonly scope: Scope;
  readonly timeoutMs: number;
  /** What is left of it for each target, in ms. */
  readonly allowance: number;
}

/** The arguments of `run` for one target. */
export function prepare({ invocation, chosen, inputs, all, base, scope, allowance, timeoutMs }: Prepared, targets: Targets) {
  const { command, group, consent } = invocation;
  const { options, fields, extra } = inputs;
  const filled = Object.entries(command.fields ?? {}).flatMap(([key, { as = '' }]) => (targets[as] ? [[key, targets[as].id]] : []));
  const body: Record<string, unknown> = { ...fields, ...Object.fromEntries(filled), ...extra };
  const bounded = within(base, allowance);
  const calls = callsWith(
    {
      endpoint: chosen.endpoint,
      targets,
      lookUp: async () => (await import('./found.ts')).lookedUpAgain(invocation, chosen, targets, all.indexOf(targets), scope),
      body,
    },
    bounded.api,
    scope,
  );
  const ctx: Context = {
    ...base,
    ...bounded,
    timeoutMs,
    ...calls,
    each: async (items, run) => (await import('./several.ts')).several({ noun: nounOf(group), verb: command.name, items, run }),
    async everySite() {
      const { server: word } = firstWords(invocation);
      const inner = { ...scope, api: bounded.api };
      const { everySite, sitesOn } = await import('../../platform/names/site-search.ts');
      if (word === undefined) return everySite(inner);
      const { resolveTargets } = await import('../../platform/names/resolve.ts');
      const { server } = await resolveTargets(['server'], { server: word }, inner);
      return server ? sitesOn(server, inner) : everySite(inner);
    },
    async reach() {
      const { directories, profile, host } = base.settings;
      const account = { directory: directories.cache, profile, host, clock: base.clock };
      return (await import('../../platform/names/places.ts')).reach(targets, { ...scope, api: bounded.api }, account);
    },
    nameOf: (noun, id) => scope.names.nameOf(noun, id) ?? (targets[noun]?.id === idIn(id) ? targets[noun]?.label : undefined),
    isGiven: (noun) => invocation.targets[noun] !== undefined,
    async resolve(path, words) {
      const names = parameters(path);
      const { resolveTargets } = await import('../../platform/names/resolve.ts');
      if (words) return resolveTargets(names, words, { ...scope, api: bounded.api });
      const picked = base.ask.allowed
        ? (await (await import('./pick.ts')).pickMissing(invocation, names, undefined, scope, base)).targets
        : {};
      const found = await resolveTargets(names, firstWords(invocation), { ...scope, picked });
      const [{ refuseMislinked }, { changeOf }] = await Promise.all([import('../../platform/names/linked.ts'), import('./found.ts')]);
      return refuseMislinked(found, changeOf(invocation, chosen), scope);
    },
  };
  const own = command.targets === 'all' ? all : command.targets === 'optional' && all.length === 0 ? undefined : targets;
  return { ctx, args: { targets: own, options, fields, body, consent } };
}

interface Declared {
  readonly endpoint: Endpoint | undefined;
  readonly targets: Targets;
  /** Looks the targets up again. */
  readonly lookUp: () => Promise<Targets>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** `ctx.call`, `ctx.list` and `ctx.pages`: requests to the declared endpoints, with the ids of the targets. */
function callsWith(
  { endpoint: own, targets, lookUp, body }: Declared,
  api: Context['api'],
  scope: Scope,
): Pick<Context, 'call' | 'list' | 'pages'> {
  const fresh = async <T>(
    endpoint: Endpoint,
    request: (ids: Readonly<Record<string, string>>) => Promise<T>,
    shown?: (answer: T) => unknown,
  ): Promise<T> => {
    if (!isRead(endpoint) || Object.keys(targets).length === 0) return request(targetIds(targets));
    const { askedAgain } = await import('../../platform/names/resolve.ts');
    return askedAgain(targets, lookUp, scope, { endpoint, ask: (found) => request(targetIds(found)), ...(shown && { shown }) });
  };
  return {
    call(endpoint = declared(own), options = {}) {
      const sent = 'body' in options ? options.body : endpoint === own && Object.keys(body).length > 0 ? body : undefined;
      const send = <T>(ids: Readonly<Record<string, string>>) =>
        api.send<T>(endpoint, { ...ids, ...options.params }, { body: sent, ...(options.assume && { assume: options.assume }) });
      return fresh(endpoint, send<never>, ({ data }) => data);
    },
    list(endpoint = declared(own), options = {}) {
      return fresh(endpoint, (ids) => api.list(endpoint, ids, options));
    },
    pages(endpoint = declared(own), options = {}) {
      return fresh(endpoint, (ids) => begun(api.pages(endpoint, ids, options)));
    },
  };
}

/** Pages of which the first was read, so that a list that fails at once fails before anything is printed. */
async function begun<T>(pages: AsyncGenerator<readonly T[], void>): Promise<AsyncIterable<readonly T[]>> {
  const first = await pages.next();
  return (async function* () {
    if (first.done) return;
    try {
      yield first.value;
      yield* pages;
    } finally {
      await pages.return();
    }
  })();
}

function declared(endpoint: Endpoint | undefined): Endpoint {
  if (!endpoint) throw new Error('The command declares no endpoint for these options.');
  return endpoint;
}
