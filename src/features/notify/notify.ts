import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { isSecretName } from '../../base/secrets.ts';
import type { Context } from '../../cli/language/command.ts';
import { safeLine } from '../../cli/output/text.ts';
import type { Result, View } from '../../cli/output/view.ts';
import type { Invocation } from '../../cli/run/invocation.ts';
import { channelOf, deliver, type Notification } from './channel.ts';

/** Notifies once the result of a command was written. Never changes its exit code. */
export interface Notice {
  /** The result of the command. */
  ended(result: Result): void;
  /** The error of the command, and the object that `--json` prints for it. */
  failed(error: unknown, data: unknown): void;
  send(code: number): Promise<void>;
}

type Needs = Pick<Context, 'ask' | 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

/** Checks `--notify` and DNX_NOTIFY before anything is sent. Undefined if the command does not wait. */
export function openNotice(
  invocation: Pick<Invocation, 'command' | 'group' | 'options' | 'path' | 'plan'>,
  ctx: Needs,
): Notice | undefined {
  const { command, options, path } = invocation;
  const given = Array.isArray(options.notify) ? options.notify.map(String) : undefined;
  const idle = withoutWait(invocation, ctx.ask);
  if (given && idle) throw usage(`--notify ${idle}.`, 'There is no result to wait for.');
  if (idle) return undefined;
  const source = given ? '--notify' : 'DNX_NOTIFY';
  const channels = (given ?? [ctx.world.env.DNX_NOTIFY ?? '']).map((word) => channelOf(word, source, ctx.world));
  let ending: Ending = { result: undefined, failure: undefined };
  return {
    ended(result) {
      ending = { ...ending, result };
    },
    failed(error, data) {
      ending = { ...ending, failure: { error, data } };
    },
    async send(code) {
      const error = ending.failure?.error;
      // The user was not asked about a deployment, or answered no.
      if (command.options?.deploy && options.deploy === undefined && !isDeployed(ending)) return;
      // Whoever pressed Ctrl-C, answered no or mistyped an option knows it.
      if (isStop(error) || isError(error, 'usage', 'cancelled') || ctx.signal.aborted) return;
      const notification = notificationOf(path, sendsSecrets(invocation) ? withoutWords(ending, path) : ending, code);
      for (const channel of channels) {
        const why = await deliver(ctx, channel, notification).catch((problem: unknown) => {
          if (ctx.signal.aborted) return undefined;
          return isError(problem) ? problem.message.replace(/\.$/, '') : String(problem);
        });
        if (ctx.signal.aborted) return;
        if (why !== undefined) ctx.progress.warn(`Could not notify: ${why}.`);
      }
    },
  };
}

/** True for a command that sends values of variables or other secrets. */
const sendsSecrets = ({ command, group }: Pick<Invocation, 'command' | 'group'>): boolean =>
  group.name === 'env' || Object.values({ ...command.fields, ...command.options }).some(({ kind }) => kind === 'secret');

/** The ending without the words of an API error, which may quote a secret that was sent. */
function withoutWords(ending: Ending, path: string): Ending {
  const { error, data } = ending.failure ?? {};
  if (!isError(error) || error.status === undefined) return ending;
  const message = `dnx ${path} failed (${error.status}).`;
  return { ...ending, failure: { error: new DnxError(error.code, message), data: { ...(isObject(data) && data), message, errors: null } } };
}

/** Why a command has nothing to wait for: its options, or a deployment that was not asked for. */
function withoutWait(
  { command, options, plan }: Pick<Invocation, 'command' | 'options' | 'plan'>,
  { allowed }: Needs['ask'],
): string | undefined {
  if (options.wait === false) return 'cannot be combined with --no-wait';
  if (plan.dry) return 'cannot be combined with --dry-run';
  // Without the option, a user on a terminal may still be asked.
  const deploys = !command.options?.deploy || (options.deploy ?? allowed);
  return deploys ? undefined : 'needs --deploy';
}

/** True if the result of a change of variables has a deployment. */
function isDeployed({ result }: Ending): boolean {
  const data = result && dataIn(result.view);
  return isObject(data) && 'deployment' in data;
}

/** How a command ended. */
interface Ending {
  readonly result: Result | undefined;
  /** The error, and the object that `--json` prints for it. */
  readonly failure: { readonly error: unknown; readonly data: unknown } | undefined;
}

/** The notification about a command that ended with this code. */
function notificationOf(command: string, { result, failure }: Ending, code: number): Notification {
  const data = result && dataIn(result.view);
  return {
    text: plain(failure ? `✗ ${sentenceOf(failure.error, command)}` : `${code === 0 ? '✓' : '✗'} ${doneOf(result?.view, command)}`),
    exit_code: code,
    command,
    ...(data !== undefined && { result: withoutSecretFields(data) }),
    ...(failure && { error: failure.data }),
  };
}

/** The data of a view, as `--json` prints it. */
function dataIn(view: View): unknown {
  if (view.kind === 'rows') return view.items;
  if (view.kind === 'record') return view.item;
  return 'data' in view ? view.data : undefined;
}

const sentenceOf = (error: unknown, command: string): string =>
  error instanceof DnxError ? (error.message.split('\n', 1)[0] ?? '') : `dnx ${command} failed`;

/** The sentence of a success. Several targets have none. */
function doneOf(view: View | undefined, command: string): string {
  if (view?.kind === 'record' && view.done !== undefined) return view.done;
  if (view?.kind === 'message') return view.text;
  return view?.kind === 'rows' ? `dnx ${command}: ${view.items.length} succeeded` : `dnx ${command} ended`;
}

/** A single line in which a chat program finds no link and no mention of a group, as in `<!channel>`. */
const plain = (text: string): string => safeLine(text).replaceAll('<', '‹').replaceAll('>', '›');

/** The data without fields that hold secrets, which some APIs return with a new server, and without the values of variables. */
function withoutSecretFields(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutSecretFields);
  if (!isObject(data)) return data;
  const isSecret = (key: string) => isSecretName(key) || (key === 'value' && 'key' in data);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, isSecret(key) && value !== null ? '***' : withoutSecretFields(value)]),
  );
}
