import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type DnxError, systemCode, usage } from '../base/errors.ts';
import { assignment, quotedForSh } from '../base/shell.ts';
import { command, group } from '../cli/language/command.ts';
import { duration, flag, integer, rest, text, type Values } from '../cli/language/options.ts';
import { nothing } from '../cli/output/view.ts';
import { childEnv } from '../machine/env.ts';
import type { Env, World } from '../machine/world.ts';
import { parseRate } from '../platform/api/limit/usage.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/index.ts';

const options = {
  port: integer('Port to listen on (default: a free one)'),
  state: text('Keep the state in this file', 'file'),
  fail_deploys: flag('Make every deployment fail'),
  latency: duration('Delay every response, such as 300ms'),
  rate_limit: text('Requests per minute, or 60/5s; 0 for no limit (default 60)', 'n'),
};

async function open(
  { cwd }: Pick<World, 'cwd'>,
  { port, state, fail_deploys, latency, rate_limit }: Values<typeof options>,
): Promise<Sandbox> {
  const { startSandbox } = await import('../sandbox/index.ts');
  const started = startSandbox({
    ...(port !== undefined && { port }),
    ...(state !== undefined && { stateFile: resolve(cwd, state) }),
    ...(fail_deploys && { failDeploys: true }),
    ...(latency !== undefined && { latencyMs: latency }),
    ...(rate_limit !== undefined && limitIn(rate_limit)),
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

/** A port that dnx cannot listen on is a usage error. */
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

/** Resolves on Ctrl-C or SIGTERM. */
const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const start = command({
  name: 'start',
  summary: 'Start a local Deploynix API',
  options,
  examples: ['start --port 8787', 'start --state sandbox.json --fail-deploys'],
  async run({ progress, signal, world }, { options: given }) {
    const { SEED_EMAIL, SEED_PASSWORD } = await import('../sandbox/index.ts');
    const sandbox = await open(world, given);
    progress.note(
      [
        'Running a local Deploynix API with sample data, for testing.',
        `  URL       ${sandbox.url}`,
        `  Email     ${SEED_EMAIL}`,
        `  Password  ${SEED_PASSWORD}`,
        '',
        ...(usesProxy(world.env) ? ['In another terminal, bypass your proxy:', `  ${assignment('NO_PROXY', noProxy(world.env))}`, ''] : []),
        'In another terminal, sign in:',
        `  dnx login --host ${sandbox.url}`,
        '',
        'Or use a token instead:',
        `  ${assignment('DNX_HOST', sandbox.url)}`,
        `  ${assignment('DNX_TOKEN', sandbox.token)}`,
        '',
        ...(given.rate_limit === undefined ? [] : ['Tell dnx its rate limit:', `  ${assignment('DNX_RATE_LIMIT', given.rate_limit)}`, '']),
        'Ctrl-C stops it.',
      ].join('\n'),
    );
    await stopped(signal);
    await sandbox.close();
    return nothing;
  },
});

const usesProxy = (env: Env): boolean => ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'].some((name) => env[name]);

/** NO_PROXY with this machine added, which a proxy cannot reach. */
const noProxy = (env: Env): string => [...new Set([env.no_proxy, env.NO_PROXY, '127.0.0.1', 'localhost'])].filter(Boolean).join(',');

/** The environment of a command that runs against a sandbox: host, token, private directories, and this dnx on the PATH. */
function privateEnv(
  { env, platform }: Pick<World, 'env' | 'platform'>,
  { url, token }: Pick<Sandbox, 'url' | 'token'>,
  directory: string,
  rateLimit: string | undefined,
): Env {
  const direct = noProxy(env);
  return childEnv(env, {
    DNX_PROFILE: undefined,
    DNX_SERVER: undefined,
    DNX_SITE: undefined,
    PATH: [directory, env.PATH].filter(Boolean).join(platform === 'win32' ? ';' : ':'),
    NO_PROXY: direct,
    no_proxy: direct,
    DNX_HOST: url,
    DNX_TOKEN: token,
    DNX_CONFIG_DIR: join(directory, 'config'),
    DNX_CACHE_DIR: join(directory, 'cache'),
    DNX_STATE_DIR: join(directory, 'state'),
    DNX_RATE_LIMIT: rateLimit,
  });
}

/** Writes the program `dnx`, for sh and for cmd. */
async function writeProgram(directory: string, { self, platform }: Pick<World, 'self' | 'platform'>): Promise<void> {
  await writeFile(join(directory, 'dnx'), `#!/bin/sh\nexec ${self.map(quotedForSh).join(' ')} "$@"\n`, { mode: 0o755 });
  if (platform !== 'win32') return;
  const words = self.map((word) => `"${word.replaceAll('%', '%%')}"`).join(' ');
  await writeFile(join(directory, 'dnx.cmd'), `@${words} %*\r\n`);
}

const run = command({
  name: 'run',
  summary: 'Run a command against a temporary sandbox',
  description: 'Sets DNX_HOST, DNX_TOKEN and temporary directories for the command, so you can test a deploy script.',
  exits: 'those of the command',
  options: { ...options, command: rest('Command to run') },
  examples: ['run -- dnx server list', 'run --fail-deploys -- sh -c \'dnx deploy shop.example.com || echo "exit code $?"\''],
  async run(
    ctx,
    {
      options: {
        command: [file = '', ...args],
        ...given
      },
    },
  ) {
    const sandbox = await open(ctx.world, given);
    const directory = await mkdtemp(join(tmpdir(), 'dnx-sandbox-'));
    try {
      await writeProgram(directory, ctx.world);
      return {
        view: nothing,
        exit: await ctx.world.spawn({ file, args, env: privateEnv(ctx.world, sandbox, directory, given.rate_limit) }),
      };
    } finally {
      await rm(directory, { recursive: true, force: true });
      await sandbox.close();
    }
  },
});

export default group({
  name: 'sandbox',
  commands: [start, run],
});
