import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { DnxError, type ErrorCode, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import type { Context, TypedLine } from '../../cli/language/command.ts';
import type { Plan } from '../../cli/plan/plan.ts';
import { hidingValues } from '../../cli/run/hidden-values.ts';
import type { Verdict } from '../../cli/run/may.ts';
import { childEnv, openEnv } from '../../machine/env.ts';
import type { Captured, Env, Output, Person, Piped, Program, Transport, World } from '../../machine/world.ts';
import { type Bounds, bounded, isAboutSite, type Limits, mayTouch, type PlaceIds } from './limits.ts';

/** How a command line of a tool ended. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Values of variables were hidden. */
  readonly hidden: boolean;
}

/** How to run one. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Throws to refuse it, before anything happens. What it returns says what is hidden, or that reading the line was all. */
  readonly check?: (line: TypedLine) => Pick<Verdict & { may: 'yes' }, 'hide'> | 'read' | undefined;
  /** For people, instead of JSON. */
  readonly text?: boolean;
  /** Lets it change something at Deploynix. Without it no such request leaves, whatever the command line. */
  readonly changes?: boolean;
  /** Lets it read the values of variables, because it shows none. */
  readonly values?: boolean;
  readonly person?: Person | undefined;
  readonly keep?: World['keep'];
  readonly asked?: World['asked'];
  readonly env?: Env;
  /** Receives each line of stderr. */
  readonly seen?: ((line: string) => void) | undefined;
}

/** Runs command lines as processes of their own would, within the limits that a person set. */
export type Runner = ReturnType<typeof openRunner>;

const TOKEN = /\b\d+\|\w{32,}/g;

/** How long a command may wait for the rate limit if the client gets no progress: it gives up after a minute. */
export const BRIEF = { DNX_MAX_WAIT: '45s' };

/** Opens a runner, which finds out what --server and --site name with the first command line. */
export function openRunner(ctx: Context, limits: Limits) {
  const tokens = new Set<string>();
  let place: PlaceIds | undefined;

  /** Looks up what --server and --site name. Throws what `dnx site show` says if that fails. */
  async function placeOf(signal: AbortSignal): Promise<PlaceIds | undefined> {
    const { server, site } = limits;
    if (place || (server === undefined && site === undefined)) return place;
    const words = site === undefined ? ['server', 'show', server ?? ''] : ['site', 'show', site, ...(server ? ['--server', server] : [])];
    const { code, stdout, stderr } = await runWithin(ctx, words, { signal }, { within: undefined, limits, tokens });
    if (code !== 0) throw new WordedError(stderr);
    const found = fromJson(stdout);
    const [id, parent] = isObject(found) ? [String(found.id), String(found.server_id)] : ['', ''];
    place = site === undefined ? { server: id, site: undefined } : { server: parent, site: id };
    return place;
  }

  return {
    /** Looks up what --server and --site name. Fails if they name nothing, or several things. */
    async start() {
      await placeOf(ctx.world.signal).catch((error: unknown) => {
        if (error instanceof WordedError && isWrong(error)) throw error.expected();
      });
    },
    async run(words: readonly string[], options: RunOptions) {
      const within = await placeOf(options.signal);
      const { cache } = ctx.settings.directories;
      // Names of its own: what is not within is not seen, but there.
      const directory = within && join(cache, 'within', within.site ?? within.server);
      const env = within && { DNX_SERVER: within.server, DNX_SITE: within.site, DNX_CACHE_DIR: directory };
      return runWithin(ctx, words, env ? { ...options, env: { ...env, ...options.env } } : options, { within, limits, tokens });
    },
    /** Why a plan is not within --server or --site; its requests would be refused, too. */
    outsideOf: ({ changes }: Plan) =>
      changes
        .map(({ call, targets }) => {
          const [method = '', path] = call.replace(/\{(\w+)\}/g, (_, noun: string) => targets[noun]?.id ?? '-').split(' ');
          return mayTouch(method, path, { changes: true, around: false, within: place, limits })?.message;
        })
        .find((message) => message !== undefined),
    /** A text without the tokens that this process has used, and without what looks like one. */
    redacted: (text: string) => [...tokens].reduce((left, token) => left.replaceAll(token, '***'), text.replace(TOKEN, '***')),
  };
}

async function runWithin(
  ctx: Context,
  words: readonly string[],
  options: RunOptions,
  inside: Pick<Bounds, 'within' | 'limits' | 'tokens'>,
): Promise<RunResult> {
  const { host, origins, caOption, blocked } = ctx.settings;
  // As an option, a profile that may not be used could be.
  const profile = origins.profile === 'option' || !blocked.storedToken ? ctx.settings.profile : undefined;
  const account = { profile, host: origins.host === 'option' ? host : undefined, caFile: caOption };
  const { changes = false, person, keep, asked, check } = options;
  const [stdout, stderr] = [sink(), sink(options.seen)];
  const stop = new AbortController();
  const abort = () => stop.abort(ctx.world.signal.aborted ? ctx.world.signal.reason : new DnxError('interrupted', 'Interrupted.'));
  const signals = [options.signal, ctx.world.signal];
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
  const opened: Transport[] = [];
  let hidden = false;
  const bounds: Bounds = { ...inside, host, changes, values: options.values ?? inside.limits.showValues, around: false };
  const connect: World['connect'] = async (...how) => {
    const transport = await ctx.world.connect(...how);
    opened.push(transport);
    return hidingValues(bounded(transport, bounds), { host, hides: () => !bounds.values, onHidden: () => (hidden = true) });
  };
  const world = worldOf(ctx.world, {
    ...{
      within: inside.within,
      stdin: Readable.from([]),
      stdout: stdout.stream,
      stderr: stderr.stream,
      signal: stop.signal,
      connect,
      person,
      keep,
      asked,
    },
    // What an agent runs notifies nobody.
    env: openEnv(childEnv(ctx.world.env, { DNX_NOTIFY: undefined, ...options.env }), ctx.world.platform),
  });
  try {
    const flags = [
      ...(profile === undefined ? [] : ['--profile', profile]),
      ...(account.host === undefined ? [] : ['--host', account.host]),
      ...(caOption === undefined ? [] : ['--ca-file', caOption]),
    ];
    const code = await ctx.runLine([...(options.text ? [] : ['--json']), ...flags, ...words], world, (line) => {
      for (const key of ['profile', 'host', 'caFile'] as const)
        if (line.globals[key] !== account[key]) throw usage('This server is for one account: leave out --profile, --host and --ca-file.');
      const verdict = check?.(line);
      if (verdict === 'read') return false;
      if (verdict) bounds.values = options.values ?? !verdict.hide.has('values');
      bounds.around = isAboutSite(line, inside);
      return true;
    });
    return { code, stdout: stdout.text(), stderr: stderr.text(), hidden };
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', abort);
    for (const transport of opened) await transport.close();
  }
}

/** An error that dnx has already put into words: the JSON of it. */
export class WordedError extends Error {
  expected(): DnxError {
    const { error } = JSON.parse(this.message.trim().split('\n').at(-1) ?? '') as {
      error: { code: ErrorCode; message: string; hint: string };
    };
    return new DnxError(error.code, error.message, { hint: error.hint ?? undefined });
  }
}

/** True for an error that no later call can be without. */
const isWrong = (error: WordedError): boolean => ['not_found', 'ambiguous', 'usage'].includes(error.expected().code);

/** Programs that a command may run: they read a clone and logs. What others do could be chosen by what an agent can write. */
const programs: readonly string[] = ['git', 'ssh'];

/** A World without a terminal, a keyboard and a browser. */
function worldOf(outer: World, changes: Partial<World>): World {
  const allowed = <P extends Program>(program: P): P => {
    if (programs.includes(program.file)) return program;
    throw usage(`This needs the program ${program.file}, which is for a person to run.`).with({ reason: 'person_required' });
  };
  const others: Partial<World> = {
    spawn: async (child) => Promise.reject(usage(`This runs ${child.file} in a terminal.`).with({ reason: 'person_required' })),
    capture: async ({ attended: _, ...child }: Captured) => outer.capture(allowed(child)),
    start: async (child: Piped) => outer.start(allowed(child)),
    connectEarly: undefined,
    open: async () => false,
    keepsConnections: false,
    suspend: () => {},
    ...changes,
  };
  // No prototype, because what needs another part of a World spreads it.
  const replaced = Object.entries(others).map(([name, value]) => [name, { value, enumerable: true }] as const);
  return Object.create(null, { ...Object.getOwnPropertyDescriptors(outer), ...Object.fromEntries(replaced) });
}

function sink(seen?: (line: string) => void): { readonly stream: Output; readonly text: () => string } {
  const chunks: Buffer[] = [];
  let rest = '';
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      const lines = `${rest}${seen ? chunk : ''}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) seen?.(line);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
