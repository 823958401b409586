import { DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result } from '../../cli/output/view.ts';
import type { Invocation } from '../../cli/run/invocation.ts';
import { channelOf } from './channel.ts';
import { deliver } from './deliver.ts';
import { type Ending, notificationOf } from './message.ts';

/** Notifies once the result of a command was written. Never changes its exit code. */
export interface Notice {
  /** The result of the command. */
  ended(result: Result): void;
  /** The error of the command, and the object that `--json` prints for it. */
  failed(error: unknown, data: unknown): void;
  send(code: number): Promise<void>;
}

type Needs = Pick<Context, 'clock' | 'progress' | 'settings' | 'signal' | 'world'>;

/** Checks `--notify` and DNX_NOTIFY before anything is sent. Undefined if the command does not wait. */
export function openNotice(invocation: Pick<Invocation, 'command' | 'group' | 'options' | 'path'>, ctx: Needs): Notice | undefined {
  const { options, path } = invocation;
  const given = Array.isArray(options.notify) ? options.notify.map(String) : undefined;
  const idle = withoutWait(invocation);
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
function withoutWait({ command, options }: Pick<Invocation, 'command' | 'options'>): string | undefined {
  if (options.wait === false) return 'cannot be combined with --no-wait';
  if (options.dry_run) return 'cannot be combined with --dry-run';
  const { deploy } = command.options ?? {};
  // A toggle may still be answered on a terminal.
  const deploys = !deploy || options.deploy === true || (deploy.negatable === true && options.deploy === undefined);
  return deploys ? undefined : 'needs --deploy';
}
