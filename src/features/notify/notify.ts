import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject, toJson } from '../../base/json.ts';
import { isSecretName } from '../../base/secrets.ts';
import { flagName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import type { TypedLine } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import { dataIn, sentenceIn, type View } from '../../cli/output/view.ts';
import type { BaseContext } from '../../cli/run/context.ts';
import type { Ending } from '../../cli/run/line.ts';
import { childEnv } from '../../machine/env.ts';
import { NetworkFault, shellCommand } from '../../machine/world.ts';
import { runUntil, transportUntil } from '../../platform/api/deadline.ts';
import { outcomeOf } from '../ci/reporter.ts';

/** What a webhook gets. `result` and `error` are the objects that `--json` prints. */
interface Notification {
  /** One line for people, which chat programs show. */
  readonly text: string;
  readonly exit_code: number;
  /** The command as typed: `deploy`. */
  readonly command: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

type Line = Pick<TypedLine, 'command' | 'group' | 'options' | 'path' | 'dryRun'>;
/**
 * Checks `--notify` and DNX_NOTIFY before anything is sent. Returns what notifies once the result was written, and never changes the exit
 * code; undefined if the command does not wait.
 */
export function openNotice(line: Line, ctx: BaseContext): ((ending: Ending) => Promise<void>) | undefined {
  const { options, path } = line;
  const words = Array.isArray(options.notify) ? options.notify.map(String) : undefined;
  const idle = withoutWait(line, ctx.ask);
  if (words && idle) throw usage(`--notify ${idle}.`, 'There is no result to wait for.');
  if (idle) return undefined;
  const ways = (words ?? [ctx.world.env.DNX_NOTIFY ?? '']).map((word) => wayOf(word, words ? '--notify' : 'DNX_NOTIFY'));
  return async (ending) => {
    if (!isNews(line, ending, ctx.signal)) return;
    const complete = notificationOf(path, ending);
    const notification = sendsSecrets(line) ? withoutWords(complete) : complete;
    for (const way of ways) {
      const sent = way instanceof URL ? post(ctx, way, notification) : run(ctx, way, notification);
      const why = await sent.catch((problem: unknown) => (isError(problem) ? problem.message.replace(/\.$/, '') : String(problem)));
      if (ctx.signal.aborted) return;
      if (why !== undefined) ctx.progress.warn(`Could not notify: ${why}.`);
    }
  };
}

/** Why a command has nothing to wait for: its options, or a deployment that was not asked for. */
function withoutWait({ command, options, dryRun }: Line, { allowed }: BaseContext['ask']): string | undefined {
  if (options.wait === false) return 'cannot be combined with --no-wait';
  if (dryRun.wanted) return 'cannot be combined with --dry-run';
  const reading = Object.entries(command.options ?? {}).find(([name, { effect }]) => effect === 'read' && options[name]);
  if (reading) return `cannot be combined with ${flagName(reading[0])}`;
  // Without the option, a user on a terminal may still be asked.
  return !command.options?.deploy || command.applies || (options.deploy ?? allowed) ? undefined : 'needs --deploy';
}

/** A host or a host and a port, and a path. A shell that does not find such a command would print it. */
const ADDRESS = /^(\w[\w-]*(\.[\w-]+)+(:\d+)?|\w[\w-]*:\d+)\/\S*$/;

/** A URL or a shell command. The URL may contain a secret, so errors do not repeat it. */
function wayOf(word: string, source: string): URL | string {
  const value = word.trim();
  const use = 'Use a URL or a shell command.';
  if (value === '') throw usage(`${source} is empty.`, use);
  if (ADDRESS.test(value)) throw usage(`${source} is a URL without https://.`, use);
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(value)) return value;
  if (!/^https?:/i.test(value)) throw usage(`${source} is not an http:// or https:// URL.`, use);
  if (!URL.canParse(value)) throw usage(`${source} is not a valid URL.`, use);
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') throw usage(`${source} must not contain a user name or password.`);
  return url;
}

/** False for what the user knows, who pressed Ctrl-C, answered no or mistyped an option, and for a deployment that was not wanted. */
function isNews({ command, options }: Line, { result, failure }: Ending, signal: AbortSignal): boolean {
  if (isStop(failure?.error) || isError(failure?.error, 'usage', 'cancelled') || signal.aborted) return false;
  const data = result && dataIn(result.view);
  return !command.options?.deploy || command.applies || options.deploy !== undefined || (isObject(data) && 'deployment' in data);
}

function notificationOf(command: string, { result, failure, code }: Ending): Notification {
  const data = result && dataIn(result.view);
  const text = failure ? `✗ ${sentenceOf(failure.error, command)}` : `${code === 0 ? '✓' : '✗'} ${doneOf(result?.view, command)}`;
  return {
    // A single line in which a chat program finds no link and no mention of a group, as in `<!channel>`.
    text: safeLine(text).replaceAll('<', '‹').replaceAll('>', '›'),
    exit_code: code,
    command,
    ...(data !== undefined && { result: withoutSecretFields(data) }),
    ...(failure && { error: failure.data }),
  };
}

const sentenceOf = (error: unknown, command: string): string =>
  error instanceof DnxError ? (error.message.split('\n', 1)[0] ?? '') : `dnx ${command} failed`;

/** The sentence of a success. Several targets have none. */
function doneOf(view: View | undefined, command: string): string {
  const sentence = view && sentenceIn(view);
  return sentence ?? (view?.kind === 'rows' ? `dnx ${command}: ${view.items.length} succeeded` : `dnx ${command} ended`);
}

const sendsSecrets = ({ command, group }: Line): boolean =>
  group.name === 'env' ||
  command.applies === true ||
  Object.values({ ...command.fields, ...command.options }).some(({ kind }) => kind === 'secret');

/** The notification without the words of API errors, which may quote a secret that was sent. */
function withoutWords(notification: Notification): Notification {
  const { command, error, result } = notification;
  // Of `env push`, they are in an object.
  const list = isObject(result) ? result.failed : result;
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  const answered = [error, ...items.map((item) => isObject(item) && item.error)].find((each) => isObject(each) && each.status != null);
  if (!isObject(answered)) return notification;
  const message = `dnx ${command} failed (${answered.status}).`;
  const wordless = (each: unknown) => (isObject(each) ? { ...each, message, ...('errors' in each && { errors: null }) } : each);
  const shown = items.map((item) => (isObject(item) && 'error' in item ? { ...item, error: wordless(item.error) } : item));
  return {
    ...{ ...notification, text: `✗ ${message}`, error: wordless(error) },
    ...(items.length > 0 && { result: isObject(result) ? { ...result, failed: shown } : shown }),
  };
}

/** The data without fields that hold secrets, which some APIs return with a new server, and without the values of variables. */
function withoutSecretFields(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutSecretFields);
  if (!isObject(data)) return data;
  const isSecret = (key: string) => isSecretName(key) || (key === 'value' && 'key' in data);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, isSecret(key) && value !== null ? '***' : withoutSecretFields(value)]),
  );
}

const URL_MS = 10_000;
const COMMAND_MS = 60_000;

/** Sends the notification as JSON, once and without the token. Returns why it failed; a redirect counts as a failure. */
async function post({ clock, settings, signal, world }: BaseContext, url: URL, notification: Notification): Promise<string | undefined> {
  const transport = transportUntil(await world.connect(settings.caFile), clock, clock.elapsed() + URL_MS);
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

/** An environment variable of a child process cannot be longer on Windows. */
const LONGEST = 30_000;

/** Runs the user's command in a shell, with the result but not the token, and its output on stderr. Returns why it failed. */
async function run(ctx: BaseContext, command: string, notification: Notification): Promise<string | undefined> {
  const { clock, progress, world } = ctx;
  const json = toJson(notification.result ?? { error: notification.error ?? null });
  if (json.length > LONGEST) progress.warn('The result is too long for DNX_RESULT, which is empty.');
  const env = childEnv(world.env, {
    DNX_TOKEN: undefined,
    // So that a dnx in the command does not notify again.
    DNX_NOTIFY: undefined,
    DNX_RESULT: json.length > LONGEST ? '' : json,
    DNX_OUTCOME: outcomeOf(notification.result, notification.exit_code),
    DNX_EXIT_CODE: String(notification.exit_code),
  });
  const late = () => new DnxError('timed_out', `the command took longer than ${duration(COMMAND_MS)}`);
  const ended = await runUntil(ctx, { ...shellCommand(command, world), env }, clock.elapsed() + COMMAND_MS, late);
  if (isError(ended)) throw ended;
  return ended === 0 ? undefined : `the command exited with code ${ended}`;
}
