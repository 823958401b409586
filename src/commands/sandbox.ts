import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseShapes } from '../base/api-shapes.ts';
import { DnxError, systemCode, usage } from '../base/errors.ts';
import { assignment, quotedForSh } from '../base/shell.ts';
import { type Context, command, group } from '../cli/language/command.ts';
import { choice, duration, integer, rest, text, type Values } from '../cli/language/options.ts';
import { nothing } from '../cli/output/view.ts';
import { childEnv } from '../machine/env.ts';
import { pathToWrite } from '../machine/files/own-files.ts';
import { makeOwnDirectory } from '../machine/files/private-directory.ts';
import { readUserFile } from '../machine/files/user-file.ts';
import type { Env, World } from '../machine/world.ts';
import { parseRate } from '../platform/api/limit/budget.ts';
import type { FailureName, Sandbox, SandboxOptions, Surroundings } from '../sandbox/index.ts';

const causes = ['build', 'composer', 'disk', 'migration', 'permission', 'variable'] as const satisfies readonly FailureName[];

const options = {
  port: integer('Port to listen on (default: a free one)'),
  state: text('Keep the state in this file', 'file'),
  fail_deploys: choice('Make deployments fail, until the cause is fixed', causes),
  latency: duration('Delay every response, such as 300ms'),
  rate_limit: text('Requests per minute, or 60/5s; 0 for no limit (default 60)', 'n'),
  shapes: text('Answer in the shapes that dnx doctor --api recorded in this file', 'file'),
};

async function open(world: World, { port, state, fail_deploys, latency, rate_limit, shapes }: Values<typeof options>): Promise<Sandbox> {
  const { startSandbox } = await import('../sandbox/index.ts');
  const started = startSandbox({
    ...(port !== undefined && { port }),
    ...(state !== undefined && { stateFile: pathToWrite(state, world) }),
    ...(fail_deploys !== undefined && { failDeploys: fail_deploys }),
    ...(latency !== undefined && { latencyMs: latency }),
    ...(rate_limit !== undefined && limitIn(rate_limit)),
    ...(shapes !== undefined && { shapes: parseShapes(await readUserFile(shapes, world), shapes) }),
  });
  return started.catch((error: unknown) => {
    throw portRefused(error, port) ?? error;
  });
}

/** The value of --rate-limit. It is also what its users need in DNX_RATE_LIMIT. */
function limitIn(word: string): Pick<SandboxOptions, 'rateLimit' | 'rateWindowMs'> {
  const rate = parseRate(word);
  if (!rate) throw usage(`--rate-limit must be requests per minute, such as 60, or 60/5s, not '${word}'.`);
  return { rateLimit: Number.isFinite(rate.limit) ? rate.limit : 0, rateWindowMs: rate.windowMs };
}

function portRefused(error: unknown, port: number | undefined): DnxError | undefined {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is already in use',
    EACCES: 'needs more privileges',
    ERR_SOCKET_BAD_PORT: 'is not a valid port',
  };
  const reason = why[systemCode(error) ?? ''];
  return reason && port !== undefined
    ? usage(`Port ${port} ${reason}.`, 'Use another port, or leave out --port for a free one.')
    : undefined;
}

const start = command({
  name: 'start',
  summary: 'Start a local Deploynix API',
  effect: 'program',
  options,
  examples: ['start --port 8787', 'start --state sandbox.json --fail-deploys composer'],
  async run({ progress, signal, world }, { options: chosen }) {
    const { SEED_EMAIL, SEED_PASSWORD } = await import('../sandbox/index.ts');
    const sandbox = await open(world, chosen);
    progress.note(
      [
        'Running a local Deploynix API with sample data, for testing.',
        `  URL       ${sandbox.url}`,
        `  Email     ${SEED_EMAIL}`,
        `  Password  ${SEED_PASSWORD}`,
        '',
        ...(usesProxy(world.env) ? ['In another terminal, bypass your proxy:', `  ${assignment('NO_PROXY', noProxy(world.env))}`, ''] : []),
        'In another terminal, sign in with a profile of its own:',
        `  ${assignment('DNX_PROFILE', 'sandbox')}`,
        `  dnx login --host ${sandbox.url}`,
        '',
        'Or use a token instead:',
        `  ${assignment('DNX_HOST', sandbox.url)}`,
        `  ${assignment('DNX_TOKEN', sandbox.token)}`,
        '',
        ...(chosen.rate_limit === undefined
          ? []
          : ['Tell dnx its rate limit:', `  ${assignment('DNX_RATE_LIMIT', chosen.rate_limit)}`, '']),
        'Ctrl-C stops it.',
      ].join('\n'),
    );
    if (!signal.aborted) await once(signal, 'abort');
    await sandbox.close();
    return nothing;
  },
});

const usesProxy = (env: Env): boolean => ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'].some((name) => env[name]);

/** NO_PROXY with this machine added, which a proxy cannot reach. */
const noProxy = (env: Env): string => [...new Set([env.no_proxy, env.NO_PROXY, '127.0.0.1', 'localhost'])].filter(Boolean).join(',');

/** A running sandbox with everything around it, in a directory of its own. */
interface OpenSandbox {
  readonly directory: string;
  /** What a program needs to be in it: the host, the token, private directories, and this dnx on the PATH. */
  readonly changes: Env;
  /** A clone of the demo project, or without Git an empty directory; undefined on Windows. */
  readonly project: string | undefined;
  readonly hasClone: boolean | undefined;
}

async function inSandbox<T>({ world }: Context, chosen: Values<typeof options>, run: (opened: OpenSandbox) => Promise<T>): Promise<T> {
  const sandbox = await open(world, chosen);
  // The path becomes part of scripts.
  const directory = await realpath(makeOwnDirectory(/^[\w./-]+$/.test(tmpdir()) ? tmpdir() : '/tmp', 'dnx-sandbox-'));
  // Again, because a program that just ended may have written into it.
  const remove = () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  const forget = world.onExit(remove);
  let around: Surroundings | undefined;
  try {
    await writeProgram(directory, world);
    around =
      world.platform === 'win32'
        ? undefined
        : await (await import('../sandbox/index.ts')).openSurroundings(sandbox, directory, outsideOf(world));
    const changes = { ...privateEnv(world, sandbox, directory, chosen.rate_limit), ...around?.env };
    return await run({ directory, changes, project: around?.project, hasClone: around?.hasClone });
  } finally {
    await sandbox.close();
    await around?.close();
    remove();
    forget();
  }
}

/** What programs in the sandbox need for other hosts, and the dnx in it. */
const outsideOf = ({ env, self }: Pick<World, 'env' | 'self'>) => ({
  program: self.at(-1) ?? '',
  authorities: env.NODE_EXTRA_CA_CERTS || undefined,
});

function privateEnv(
  { env, platform }: Pick<World, 'env' | 'platform'>,
  { url, token }: Pick<Sandbox, 'url' | 'token'>,
  directory: string,
  rateLimit: string | undefined,
): Env {
  const direct = noProxy(env);
  return {
    // A sandbox is no session of an agent: there, it may try everything.
    DNX_LEASE: undefined,
    DNX_PROFILE: undefined,
    DNX_ENV: undefined,
    DNX_SERVER: undefined,
    DNX_SITE: undefined,
    PATH: [join(directory, 'bin'), env.PATH].filter(Boolean).join(platform === 'win32' ? ';' : ':'),
    NO_PROXY: direct,
    no_proxy: direct,
    DNX_SANDBOX: directory,
    DNX_HOST: url,
    DNX_TOKEN: token,
    DNX_CONFIG_DIR: join(directory, 'config'),
    DNX_CACHE_DIR: join(directory, 'cache'),
    DNX_STATE_DIR: join(directory, 'state'),
    DNX_RATE_LIMIT: rateLimit,
    DNX_NO_UPDATE_NOTIFIER: '1',
  };
}

async function writeProgram(directory: string, { self, platform }: Pick<World, 'self' | 'platform'>): Promise<void> {
  await mkdir(join(directory, 'bin'));
  await writeFile(join(directory, 'bin/dnx'), `#!/bin/sh\nexec ${self.map(quotedForSh).join(' ')} "$@"\n`, { mode: 0o755 });
  if (platform !== 'win32') return;
  const words = self.map((word) => `"${word.replaceAll('%', '%%')}"`).join(' ');
  await writeFile(join(directory, 'bin/dnx.cmd'), `@${words} %*\r\n`);
}

const run = command({
  name: 'run',
  summary: 'Run a command against a temporary sandbox',
  description:
    'Runs a command, such as a deploy script, in which dnx is signed in to a sandbox, ssh reaches its servers, and its sites respond. Nothing leaves this machine.',
  effect: 'program',
  exits: 'those of the command',
  options: { ...options, command: rest('Command to run') },
  examples: ['run -- dnx server list', "run --fail-deploys migration -- sh -c 'dnx deploy shop.example.com || dnx why shop.example.com'"],
  run: (
    ctx,
    {
      options: {
        command: [file = '', ...args],
        ...chosen
      },
    },
  ) =>
    inSandbox(ctx, chosen, async ({ changes }) => ({
      view: nothing,
      exit: await ctx.world.spawn({ file, args, env: childEnv(ctx.world.env, changes) }),
    })),
});

const SHELL_RATE = '600';

const shell = command({
  name: 'shell',
  summary: 'Open a shell in a temporary sandbox, to try dnx',
  description:
    'Opens your shell in a clone of a demo project, with three servers and six sites to deploy, break and repair. dnx is signed in, ssh reaches the servers, and the sites respond. Nothing leaves this machine, and everything is removed when the shell ends.',
  // Who tries everything at once would wait for the limit of the real API.
  effect: 'program',
  options: { ...options, rate_limit: text(`Requests per minute, or 60/5s; 0 for no limit (default ${SHELL_RATE})`, 'n') },
  examples: ['shell', 'shell --fail-deploys migration'],
  async run(ctx, { options: { rate_limit = SHELL_RATE, ...others } }) {
    const chosen = { ...others, rate_limit };
    const { env, platform, stdin, stdout } = ctx.world;
    if (env.DNX_SANDBOX) throw usage('This is a sandbox already.', 'Leave it first: exit');
    if (platform === 'win32') throw usage('dnx sandbox shell needs macOS or Linux.', 'On Windows, use WSL, or: dnx sandbox start');
    if (!stdin.isTTY || !stdout.isTTY) throw usage('dnx sandbox shell needs a terminal.', 'For a script: dnx sandbox run -- COMMAND');
    const { userShell } = await import('../features/sandbox/user-shell.ts');
    await inSandbox(ctx, chosen, async ({ changes, project, hasClone, directory }) => {
      ctx.progress.note(welcome(hasClone, chosen.fail_deploys, stdout.columns ?? 80));
      await untilHangup(ctx.world, (signal) =>
        ctx.world.spawn({ ...userShell(ctx.world, changes, directory), cwd: project ?? directory, foreground: true, insist: true, signal }),
      );
    });
    ctx.signal.throwIfAborted();
    return { view: nothing, note: 'Left the sandbox; nothing of it is left.' };
  },
});

/** An interactive shell ends with its terminal, and ignores other signals. */
async function untilHangup<T>({ signal }: Pick<World, 'signal'>, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const hangup = new AbortController();
  const stop = () => hangup.abort(new DnxError('hangup', 'Hangup.'));
  signal.addEventListener('abort', stop, { once: true });
  return run(hangup.signal).finally(() => signal.removeEventListener('abort', stop));
}

/** What to try, side by side if there is room. */
const tries = `  dnx site list                 dnx deploy --verify /up       dnx rollback
  dnx changes                   dnx why api.example.com       dnx logs -f
  dnx artisan about             dnx ssh shop.example.com      dnx --help`;

const welcome = (hasClone: boolean | undefined, failing: FailureName | undefined, columns: number): string =>
  [
    'A Deploynix to try, on this machine only: 3 servers, 6 sites, and a token that may do everything.',
    hasClone
      ? 'You are in a clone of the shop, which is linked to shop.example.com.'
      : 'There is no clone of the shop, because Git is not installed.',
    ...(failing === undefined ? [] : [`Deployments fail (${failing}) until you fix why.`]),
    '',
    columns < 74 ? tries.replaceAll(/(?<=\S) {3,}/g, '\n  ') : tries,
    '',
    'exit or Ctrl-D removes it all.',
  ].join('\n');

export default group({
  name: 'sandbox',
  commands: [start, run, shell],
});
