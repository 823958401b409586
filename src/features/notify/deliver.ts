import { DnxError, isError } from '../../base/errors.ts';
import { toJson } from '../../base/json.ts';
import { duration } from '../../base/time.ts';
import { version } from '../../base/version.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv } from '../../machine/env.ts';
import { type Child, NetworkFault, shellCommand } from '../../machine/world.ts';
import { abortAt, transportUntil } from '../../platform/api/deadline.ts';
import type { Channel } from './channel.ts';
import { desktopProgram } from './desktop.ts';
import { type Notification, outcomeIn } from './message.ts';

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
  const { clock, progress, signal, world } = ctx;
  const late = () => new DnxError('timed_out', `${what} took longer than ${duration(limitMs)}`);
  const timer = abortAt(clock.elapsed() + limitMs, clock, signal, late);
  const go = progress.hold();
  try {
    const ended = world.spawn({ ...program, output: 'stderr', signal: timer.signal });
    timer.start();
    const code = await ended;
    if (isError(timer.signal.reason, 'timed_out')) return timer.signal.reason.message;
    return code === 0 ? undefined : `${what} exited with code ${code}`;
  } catch (error) {
    if (isError(error, 'usage')) return error.message.replace(/\.$/, '');
    throw error;
  } finally {
    timer.stop();
    go();
  }
}
