import { closeSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pid } from 'node:process';
import { DnxError } from '../../base/errors.ts';
import { quotedForAny, quotedForSh } from '../../base/shell.ts';
import type { Context } from '../../cli/language/command.ts';
import { nothing } from '../../cli/output/view.ts';
import { isNotInstalled } from '../../machine/child.ts';
import { envWithoutSecrets } from '../../machine/env.ts';
import { makeOwnDirectory, removePrivateDirectory } from '../../machine/files/private-directory.ts';
import type { Capture, Piped, World } from '../../machine/world.ts';
import { refusalIn, SSH_FAILED, sshFailure, withoutSsh } from './failure.ts';
import { keepsConnections, keptConnection } from './kept.ts';
import type { Machine } from './machine.ts';

/** ssh ends a connection once it is silent for 30 s. */
export const alive: readonly string[] = ['-o', 'ServerAliveInterval=10', '-o', 'ServerAliveCountMax=3'];

/** How long a server may take to answer, in s. Prompts of ssh do not count, but those of a proxy do, for which sshd allows as long. */
const CONNECT_S = 10;
const CONNECT_BY_PROXY_S = 120;

interface SshOptions {
  /** Asks for a pseudo-terminal on the server. */
  readonly terminal?: boolean;
  /** Options of ssh, such as `-N`. */
  readonly options?: readonly string[];
  /** What the login shell of the server runs; an interactive login by default. */
  readonly command?: string;
  /** True if the connection is for this alone, and ends with it. */
  readonly owned?: boolean;
  /** The command line of a program that runs ssh itself, such as rsync, from that of ssh without a command. */
  readonly through?: (ssh: readonly string[]) => readonly string[];
}

/** The command line of ssh: its words. */
export const sshWords = ({ address, port, user }: Machine, { terminal = false, options = [], command }: SshOptions): readonly string[] => [
  'ssh',
  terminal ? '-t' : '-T',
  ...options,
  ...portWords({ port }),
  user === undefined ? address : `${user}@${address}`,
  ...(command === undefined ? [] : ['--', command]),
];

const portWords = ({ port }: Pick<Machine, 'port'>): readonly string[] => (port === undefined ? [] : ['-p', String(port)]);

/** The same as a program to run. Its configuration may send variables to the server, which must not get the secrets of dnx. */
async function sshProgram(machine: Machine, options: SshOptions, ctx: Context) {
  const env = envWithoutSecrets(ctx.world.env);
  const world = { ...ctx.world, env };
  const keeps = options.owned !== true && keepsConnections(ctx);
  const configuration = await configurationOf(machine, world);
  refuseExample(machine, configuration);
  const extraOptions = options.options ?? [];
  const limitS = connectLimit(configuration, extraOptions);
  const kept = keeps ? await keptConnection(configuration, extraOptions.includes('-C'), ctx) : undefined;
  const gate = await gateFor(machine, configuration, kept?.joined === true, world);
  const ssh = sshWords(machine, {
    ...options,
    options: [
      ...gate.options,
      ...(kept ? [...kept.options, ...alive] : []),
      ...(limitS === undefined ? [] : ['-o', `ConnectTimeout=${limitS}`]),
      ...extraOptions,
    ],
  });
  const [file = 'ssh', ...args] = options.through?.(ssh) ?? ssh;
  return { program: { file, args, env, signal: gate.signal }, gate, limitS, isLost: kept?.isLost ?? (async () => false) };
}

/** The command line of a script for sh, whatever the login shell is. Arguments are never interpreted. */
export function scripted(script: string, ...args: readonly string[]): string {
  const words = [script, ...args];
  const argv = words.some((word) => UNQUOTABLE.test(word)) ? [DECODE, 'dnx', ...words.map(encoded)] : [script, 'dnx', ...args];
  return ['exec sh -c', ...argv.map((word) => (/^[\w./-]+$/.test(word) ? word : quotedForAny(word)))].join(' ');
}

/** The command line of a program. Its arguments are never interpreted. */
export const literally = (words: readonly string[]): string =>
  words.some((word) => UNQUOTABLE.test(word)) ? scripted('"$@"', ...words) : words.map(quotedForAny).join(' ');

/** What csh and tcsh read between single quotes, too. */
const UNQUOTABLE = /[\n!]/;

/** A word without them, as `printf %b` decodes it. */
const encoded = (word: string): string => word.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('!', '\\0041');

/** Decodes its arguments, and runs the first one with the others. Command substitution removes line ends at the end, so a dot follows. */
const DECODE = `for w do shift; w=$(printf %b. "$w"); set -- "$@" "\${w%.}"; done; w=$1; shift; eval "$w"`;

/** Addresses that no machine has (RFC 5737), such as those of the sandbox. A connection to one would hang for minutes. */
const EXAMPLE = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;

/** How long ssh may take to read its configuration, in ms. */
const LIMIT_MS = 2_000;

/** What ssh would do for a machine, in lines of an option each; empty if it does not say. */
async function configurationOf(machine: Machine, { capture, env }: Pick<World, 'capture' | 'env'>): Promise<string> {
  const read = await capture({
    file: 'ssh',
    args: ['-G', machine.address, ...(machine.user === undefined ? [] : ['-l', machine.user]), ...portWords(machine)],
    env,
    limitMs: LIMIT_MS,
  }).catch(() => undefined);
  return read?.code === 0 ? read.stdout : '';
}

const PROXY = /^proxy(command|jump) (?!none$)/m;

/** How long ssh may take to connect, in s; undefined if the user configured it, or may have. */
function connectLimit(configuration: string, options: readonly string[]): number | undefined {
  if (!/^connecttimeout none$/m.test(configuration)) return undefined;
  return PROXY.test(configuration) && !options.includes(BATCH) ? CONNECT_BY_PROXY_S : CONNECT_S;
}

/** Fails for a server of the sandbox, unless ssh maps its address to a machine. */
function refuseExample({ server, address }: Machine, configuration: string): void {
  if (!EXAMPLE.test(address) || !configuration.split('\n').includes(`hostname ${address}`)) return;
  if (PROXY.test(configuration)) return;
  throw new DnxError('network', `Cannot connect to ${server.label}: ${address} is an example address, as in the sandbox.`, {
    hint: 'To try this: dnx sandbox shell, whose servers can be reached.',
  });
}

/**
 * What keeps ssh from running anything before the check of a remembered machine. If ssh has another LocalCommand, or shares a connection
 * that is already made, it waits for the check instead.
 */
async function gateFor(
  { check }: Machine,
  configuration: string,
  joined: boolean,
  world: Pick<World, 'capture' | 'env' | 'onExit' | 'platform' | 'signal'>,
) {
  const open = { options: [], signal: world.signal, passed: Promise.resolve(), close: () => {} };
  if (!check) return open;
  const waits = joined || configuration === '' || /^(controlpath|localcommand) (?!none$)/m.test(configuration);
  const gate = waits ? undefined : await openGate(world);
  if (!gate) {
    await check;
    return open;
  }
  const refused = new AbortController();
  const passed = check.then(
    () => gate.decide(true),
    (error: unknown) => {
      gate.decide(false);
      refused.abort(error);
      throw error;
    },
  );
  passed.catch(() => {});
  // The signal ends ssh with dnx, or if the check fails.
  return { ...gate, passed, signal: AbortSignal.any([world.signal, refused.signal]) };
}

const BATCH = 'BatchMode=yes';

/** The options of an ssh that nobody sees. It may ask for a passphrase only if dnx may prompt, and never on Windows, where it has no console. */
export const quietly = ({ ask, world }: Context): readonly string[] => (ask.allowed && world.platform !== 'win32' ? [] : ['-o', BATCH]);

/** The same context, in which nothing is asked, not even by ssh. */
export const unasked = <C extends Pick<Context, 'ask'>>(ctx: C): C => ({ ...ctx, ask: { ...ctx.ask, allowed: false } });

/** Runs a command on a server and returns its output. Throws if ssh does not connect. `limitMs` ends it with `timed_out`. */
export async function runOn(
  ctx: Context,
  machine: Machine,
  command: string,
  { limitMs, options = [], owned = false }: Pick<SshOptions, 'options' | 'owned'> & { readonly limitMs?: number } = {},
): Promise<Capture> {
  const { program, gate, limitS } = await sshProgram(machine, { options: [...quietly(ctx), ...alive, ...options], command, owned }, ctx);
  const ran = await ctx.world.capture({ ...program, ...(limitMs !== undefined && { limitMs }) }).finally(gate.close);
  if (!ran) throw withoutSsh(ctx.world);
  await gate.passed;
  if (ran.code === SSH_FAILED) throw sshFailure(ran.stderr, machine, ctx.world, limitS);
  return ran;
}

/** Starts ssh, and resolves once it may run something on the server. */
export async function startSsh(machine: Machine, options: SshOptions, ctx: Context, piped: Pick<Piped, 'background' | 'stdin'>) {
  const { world } = ctx;
  const { program, gate, limitS } = await sshProgram(machine, options, ctx);
  const ssh = await world.start({ ...program, ...piped });
  if (!ssh) {
    gate.close();
    throw withoutSsh(world);
  }
  void ssh.ended.finally(gate.close);
  await gate.passed;
  return { ...ssh, limitS };
}

const KEPT = 10_000;

const NOT_FOUND = 127;

/** Starts a command on a server, for as long as the connection lives. Ctrl-C is for dnx alone, which would otherwise see a lost connection. */
export async function startOn(
  ctx: Context,
  machine: Machine,
  command: string,
  { options = [], stdin, through, ...others }: Pick<SshOptions, 'options' | 'owned' | 'through'> & Pick<Piped, 'stdin'>,
) {
  const how = { ...others, options: [...quietly(ctx), ...alive, ...options], ...(through ? { through } : { command }) };
  const ssh = await startSsh(machine, how, ctx, { background: true, ...(stdin && { stdin }) });
  let said = '';
  ssh.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-KEPT);
  });
  return {
    ssh,
    said: () => said,
    /** What its exit code means; undefined if it is that of the command. */
    failure(code: number): DnxError | undefined {
      // The shell or the rsync that starts it found no ssh.
      if ((code === NOT_FOUND && /ssh: (command )?not found/.test(said)) || /exec ssh: No such file/.test(said))
        return withoutSsh(ctx.world);
      const heard = said.replace(/^rsync.*\n?/gm, '');
      return code === SSH_FAILED || code > 128 ? sshFailure(heard, machine, ctx.world, ssh.limitS) : undefined;
    },
  };
}

/**
 * Runs ssh on the standard streams, with a terminal on the server if both are terminals, and ends with its exit code. If ssh itself
 * failed, says what to do.
 */
export async function runSession(ctx: Context, machine: Machine, command: string | undefined) {
  const { world, progress } = ctx;
  const terminal = world.stdin.isTTY === true && world.stdout.isTTY === true;
  // What has a terminal on the server ends with it only if the connection does.
  const owned = terminal || command === undefined;
  let said = '';
  const observe = (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-KEPT);
  };
  const { program, gate, isLost, limitS } = await sshProgram(machine, { terminal, owned, ...(command !== undefined && { command }) }, ctx);
  progress.done();
  // Without a terminal on the server, Ctrl-C ends ssh.
  const exit = await world
    .spawn({ ...program, ...(terminal && { foreground: true }), observe })
    .catch((error: unknown) => {
      throw isNotInstalled(error) ? withoutSsh(world) : error;
    })
    .finally(gate.close);
  await gate.passed;
  if (exit !== SSH_FAILED) return { view: nothing, exit };
  // ssh ends with its own code after a signal.
  if (world.signal.reason instanceof DnxError) return { view: nothing, exit: world.signal.reason.exitCode };
  const { hint, next } = refusalIn(said, machine, world, limitS) ?? {};
  if (hint === undefined && (await isLost())) progress.warn(`Lost the connection to ${machine.server.label}.`);
  return { view: nothing, exit, ...(hint !== undefined && { note: hint }), ...(next && { next }) };
}

/**
 * Keeps a connected ssh from running anything until dnx says that it may: ssh runs a LocalCommand before it asks the server for anything, which
 * reads the decision from a FIFO, and ends ssh if there is none. Undefined without FIFOs, as on Windows.
 */
export async function openGate(world: Pick<World, 'capture' | 'env' | 'onExit' | 'platform'>) {
  const { capture, env, onExit } = world;
  if (world.platform === 'win32') return undefined;
  const directory = makeOwnDirectory(tmpdir(), 'dnx-gate-');
  const remove = () => removePrivateDirectory(directory);
  const forget = onExit(remove);
  const fifo = join(directory, 'decision');
  const made = await capture({ file: 'mkfifo', args: [fifo], env }).catch(() => undefined);
  const clear = () => {
    forget();
    remove();
  };
  if (made?.code !== 0) {
    clear();
    return undefined;
  }
  // For reading, too: opening it to write alone waits for ssh.
  let file: number | undefined = openSync(fifo, 'r+');
  const script = `kill -0 ${pid} && read go <${quotedForSh(fifo)}; [ "$go" = yes ] || kill "$PPID"`;
  return {
    options: ['-o', 'PermitLocalCommand=yes', '-o', `LocalCommand=exec sh -c ${quotedForAny(script)}`.replaceAll('%', '%%')],
    /** Lets ssh go on, or ends it. Nothing happens if ssh has ended. */
    decide(go: boolean): void {
      if (file !== undefined) writeSync(file, go ? 'yes\n' : 'no\n');
    },
    /** Call it once ssh has ended. */
    close(): void {
      if (file !== undefined) closeSync(file);
      file = undefined;
      clear();
    },
  };
}
