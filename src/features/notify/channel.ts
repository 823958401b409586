import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { DnxError, exits, isError, usage } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { duration } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import { type Child, NetworkFault, shellCommand, type World } from '../../machine/world.ts';
import { runUntil, transportUntil } from '../../platform/api/deadline.ts';

/** How to say that the work has ended. */
type Channel =
  | { readonly kind: 'bell' | 'desktop' }
  /** The URL may contain a secret, so only its host is shown. */
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'command'; readonly command: string };

/** Parses a value of `--notify`, or of DNX_NOTIFY, which `source` names. Throws if it can never work. */
export function channelOf(word: string, source: string, world: Pick<World, 'cwd' | 'env' | 'platform'>): Channel {
  const value = word.trim();
  if (value === '') throw usage(`${source} is empty.`, WAYS);
  if (value === 'bell' || value === 'desktop') return { kind: value };
  if (/^https?:/i.test(value)) return { kind: 'url', url: webhookUrl(value, source) };
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(value)) throw usage(`${source} is not an http:// or https:// URL.`, WAYS);
  if (ADDRESS.test(value) && !isProgram(value, world)) throw usage(`${source} is a URL without https://.`, WAYS);
  if (/^[\w./+\\-]+$/.test(value) && !isProgram(value, world))
    throw usage(`${source} names a command that was not found: '${value}'.${didYouMean(value, ['bell', 'desktop'])}`, WAYS);
  return { kind: 'command', command: value };
}

/** A host or a host and a port, and a path, which may contain a secret. */
const ADDRESS = /^(\w[\w-]*(\.[\w-]+)+(:\d+)?|\w[\w-]*:\d+)\/\S*$/;

const WAYS = 'Use bell, desktop, a URL or a shell command.';

function webhookUrl(value: string, source: string): URL {
  // The URL is not repeated, because it may contain a secret.
  if (!URL.canParse(value)) throw usage(`${source} is not a valid URL.`, WAYS);
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') throw usage(`${source} must not contain a user name or password.`);
  return url;
}

/** True for a file that can be run: a path, or a name in a directory of PATH. */
function isProgram(name: string, { cwd, env, platform }: Pick<World, 'cwd' | 'env' | 'platform'>): boolean {
  const windows = platform === 'win32';
  const endings = windows ? ['', ...(env.PATHEXT || '.COM;.EXE;.BAT;.CMD').split(';')] : [''];
  const directories = /[\\/]/.test(name) ? [cwd] : (env.PATH ?? '').split(windows ? ';' : ':').filter(Boolean);
  return directories.some((directory) => endings.some((ending) => isExecutable(resolve(cwd, directory, `${name}${ending}`))));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What a webhook gets. `result` and `error` are the objects that `--json` prints. */
export interface Notification {
  /** One line for people, which chat programs show. */
  readonly text: string;
  readonly exit_code: number;
  /** The command as typed: `deploy`. */
  readonly command: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

type Needs = Pick<Context, 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

const URL_MS = 10_000;
const DESKTOP_MS = 10_000;
const COMMAND_MS = 60_000;

/** An environment variable of a child process cannot be longer on Windows. */
const LONGEST = 30_000;

/** Notifies in one way. Resolves to the reason for a failure; throws only if a signal ended it. */
export async function deliver(ctx: Needs, channel: Channel, notification: Notification): Promise<string | undefined> {
  switch (channel.kind) {
    case 'bell':
      if (ctx.world.stderr.isTTY) ctx.world.stderr.write('\u0007');
      return undefined;
    case 'desktop':
      return run(ctx, 'the notification program', desktopProgram(ctx.world, notification.text), DESKTOP_MS);
    case 'url':
      return post(ctx, channel.url, notification);
    case 'command':
      return run(ctx, 'the command', commandOf(ctx, channel.command, notification), COMMAND_MS);
  }
}

/** Sends the notification as JSON, once and without the token. A redirect counts as a failure. */
async function post({ clock, settings, signal, world }: Needs, url: URL, notification: Notification): Promise<string | undefined> {
  const network = await world.connect(settings.caFile);
  const transport = transportUntil(network, clock, clock.elapsed() + URL_MS);
  try {
    const { status, discard } = await transport.request({
      method: 'POST',
      url: url.href,
      headers: { 'content-type': 'application/json', accept: '*/*', 'user-agent': `dnx/${version}` },
      body: toJson(notification),
      signal,
    });
    discard();
    return status >= 200 && status < 300 ? undefined : `${url.host} returned ${status}`;
  } catch (error) {
    if (isError(error, 'timed_out')) return `${url.host} did not respond in ${duration(URL_MS)}`;
    // The words of Node may quote the URL.
    if (error instanceof NetworkFault) return `${url.host}: ${error.message.replaceAll(url.href, url.host)}`;
    throw error;
  } finally {
    await transport.close();
  }
}

/** The user's command in a shell. It gets the result, but not the token. */
function commandOf({ progress, world }: Needs, command: string, notification: Notification): Child {
  const json = toJson(notification.result ?? { error: notification.error ?? null });
  if (json.length > LONGEST) progress.warn('The result is too long for DNX_RESULT, which is empty.');
  return {
    ...shellCommand(command, world),
    env: childEnv(world.env, {
      DNX_TOKEN: undefined,
      // So that a dnx in the command does not notify again.
      DNX_NOTIFY: undefined,
      DNX_RESULT: json.length > LONGEST ? '' : json,
      DNX_OUTCOME: outcomeIn(notification),
      DNX_EXIT_CODE: String(notification.exit_code),
    }),
  };
}

/** Runs a program with a time limit. Its output goes to stderr. */
async function run(ctx: Needs, what: string, program: Child, limitMs: number): Promise<string | undefined> {
  const late = () => new DnxError('timed_out', `${what} took longer than ${duration(limitMs)}`);
  const ended = await runUntil(ctx, program, ctx.clock.elapsed() + limitMs, late);
  if (isError(ended)) return ended.message.replace(/\.$/, '');
  return ended === 0 ? undefined : `${what} exited with code ${ended}`;
}

/**
 * The program that shows a desktop notification. The text is an argument or a variable, never part of a script. node-notifier would
 * do the same with 5.7 MB of binaries, and without Notification Center on current macOS.
 */
function desktopProgram({ env: all, platform }: Pick<World, 'env' | 'platform'>, text: string): Child {
  const env = envWithoutSecrets(all);
  if (platform === 'darwin') return { file: 'osascript', args: [...APPLESCRIPT.flatMap((line) => ['-e', line]), text], env };
  if (platform === 'win32') {
    const script = Buffer.from(TOAST, 'utf16le').toString('base64');
    const args = ['-NoProfile', '-NonInteractive', '-EncodedCommand', script];
    return { file: 'powershell.exe', args, env: childEnv(env, { NOTIFICATION: text }) };
  }
  return { file: 'notify-send', args: ['--app-name=dnx', '--', text], env };
}

const APPLESCRIPT = ['on run argv', 'display notification (item 1 of argv) with title "dnx"', 'end run'];

/** A toast in the name of PowerShell, because only an installed app has its own. */
const TOAST = `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[void][Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime]
$toast = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent([Windows.UI.Notifications.ToastTemplateType]::ToastText01)
[void]$toast.GetElementsByTagName('text').Item(0).AppendChild($toast.CreateTextNode($env:NOTIFICATION))
$app = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($app).Show([Windows.UI.Notifications.ToastNotification]::new($toast))
`;

/** The outcome of a deployment, or what the exit code says: `succeeded`, `failed` or `timed_out`. */
function outcomeIn({ result, exit_code }: Notification): string {
  // `env set --deploy` nests the deployment.
  const deployment = isObject(result) && isObject(result.deployment) ? result.deployment : result;
  if (isObject(deployment) && typeof deployment.outcome === 'string') return deployment.outcome;
  if (exit_code === 0) return 'succeeded';
  return exit_code === exits.timed_out ? 'timed_out' : 'failed';
}
