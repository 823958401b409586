import { DnxError, exits } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { safeLine } from '../../cli/output/text.ts';
import type { Result, View } from '../../cli/output/view.ts';

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

/** How a command ended. */
export interface Ending {
  readonly result: Result | undefined;
  /** The error, and the object that `--json` prints for it. */
  readonly failure: { readonly error: unknown; readonly data: unknown } | undefined;
}

/** The notification about a command that ended with this code. */
export function notificationOf(command: string, { result, failure }: Ending, code: number): Notification {
  const data = result && dataIn(result.view);
  return {
    text: plain(failure ? `✗ ${sentenceOf(failure.error, command)}` : `${code === 0 ? '✓' : '✗'} ${doneOf(result?.view, command)}`),
    exit_code: code,
    command,
    ...(data !== undefined && { result: withoutSecrets(data) }),
    ...(failure && { error: failure.data }),
  };
}

/** The outcome of a deployment, or what the exit code says: `succeeded`, `failed` or `timed_out`. */
export function outcomeIn({ result, exit_code }: Notification): string {
  // `env set --deploy` nests the deployment.
  const deployment = isObject(result) && isObject(result.deployment) ? result.deployment : result;
  if (isObject(deployment) && typeof deployment.outcome === 'string') return deployment.outcome;
  if (exit_code === 0) return 'succeeded';
  return exit_code === exits.timed_out ? 'timed_out' : 'failed';
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

const SECRET = /passw|secret|token|private_?key/i;

/** The data without fields that hold secrets, which some APIs return with a new server, and without the values of variables. */
function withoutSecrets(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutSecrets);
  if (!isObject(data)) return data;
  const isSecret = (key: string) => SECRET.test(key) || (key === 'value' && 'key' in data);
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, isSecret(key) && value !== null ? '***' : withoutSecrets(value)]),
  );
}
