import type { ChildProcess } from 'node:child_process';
import open from 'open';
import { DnxError, systemCode } from '../base/errors.ts';
import type { Timer, World } from './world.ts';

/** How long to wait for the program that opens a URL, in ms. It fails sooner, but may wait for the browser itself. */
const LIMIT_MS = 2_000;

/** The exit code of xdg-open if it finds no browser. */
const NO_BROWSER = 3;

interface Parent extends Pick<World, 'signal'> {
  readonly after: Timer;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens a URL with the default browser of the desktop. False if there is none. */
export async function openInBrowser(url: string, { signal, after, env }: Parent): Promise<boolean> {
  signal.throwIfAborted();
  const child = await withoutSecrets(env, () => open(url)).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  const code = child && (await codeOf(child, signal, after));
  signal.throwIfAborted();
  if (!child || code === NO_BROWSER) return false;
  if (code) throw new DnxError('failed', `Could not open a browser: ${child.spawnfile} exited with code ${code}.`);
  return true;
}

/** Hides secrets from the environment meanwhile, because `open` takes no other one and a browser may run for days. */
async function withoutSecrets<T>(env: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const secrets = ['DNX_TOKEN', 'DNX_NOTIFY'].map((name) => [name, env[name]] as const);
  for (const [name] of secrets) delete env[name];
  return work().finally(() => {
    for (const [name, value] of secrets) if (value !== undefined) env[name] = value;
  });
}

/** The exit code of a child process; undefined if it was killed or is still running. */
function codeOf(child: ChildProcess, signal: AbortSignal, after: Timer): Promise<number | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? undefined);
  // `open` lets Node end before it.
  child.ref();
  return new Promise<number | undefined>((resolve) => {
    const give = () => resolve(undefined);
    const cancel = after(LIMIT_MS, give);
    signal.addEventListener('abort', give, { once: true });
    child.once('close', (code: number | null) => {
      cancel();
      signal.removeEventListener('abort', give);
      resolve(code ?? undefined);
    });
  }).finally(() => child.unref());
}
