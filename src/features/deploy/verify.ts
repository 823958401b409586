import { isError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { NetworkFault, type Transport } from '../../machine/world.ts';

/** What a deployed site must show. */
export interface Check {
  /** The address that is asked; undefined where only the command decides. */
  readonly path: string | undefined;
  readonly url: string | undefined;
  readonly expect: number;
  readonly body: string | undefined;
  /** Good answers in a row. */
  readonly passes: number;
  readonly withinMs: number;
  readonly command: string | undefined;
  readonly rollback: boolean;
}

type Needs = Pick<Context, 'clock' | 'signal' | 'progress' | 'world'>;

const PAUSE_MS = 2_000;
const LONGEST_BODY = 1_000_000;

/** Asks the site itself, without any token, and runs the user's own command. Answers why it is not good; undefined: it is. */
export async function verify(ctx: Needs, check: Check, site: { name: string; release: string | null }): Promise<string | undefined> {
  const base = check.url ?? `https://${site.name}`;
  const why = check.path === undefined ? undefined : await poll(ctx, check, new URL(check.path, base).href);
  return why ?? (check.command === undefined ? undefined : runCommand(ctx, check.command, { base, ...site }));
}

async function poll(ctx: Needs, check: Check, url: string): Promise<string | undefined> {
  const { clock, signal, progress, world } = ctx;
  const transport = await world.connect();
  const started = clock.elapsed();
  try {
    for (let passes = 0; ; ) {
      const why = await probe(transport, url, check, signal);
      passes = why === undefined ? passes + 1 : 0;
      progress.step(`${url}: ${why ?? `good (${passes} of ${check.passes})`}`, () => `${Math.round((clock.elapsed() - started) / 1000)} s`);
      if (passes >= check.passes) return undefined;
      if (clock.elapsed() - started + PAUSE_MS > check.withinMs) return `${url} ${why ?? 'was not good for long enough'}`;
      await clock.sleep(PAUSE_MS, signal);
    }
  } finally {
    progress.done();
    await transport.close();
  }
}

/** One answer of the site: why it is not good. It gets nothing of ours but the question. */
async function probe(transport: Transport, url: string, { expect, body }: Check, signal: AbortSignal): Promise<string | undefined> {
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    let text = '';
    for await (const chunk of response.body) {
      if (text.length < LONGEST_BODY) text += Buffer.from(chunk).toString('utf8');
    }
    if (response.status !== expect) return `answered ${response.status} instead of ${expect}`;
    return body === undefined || text.includes(body) ? undefined : `does not show “${body}”`;
  } catch (error) {
    if (error instanceof NetworkFault) return `did not answer: ${error.message}`;
    throw error;
  }
}

async function runCommand(
  { world, progress }: Needs,
  command: string,
  { name, base, release }: { name: string; base: string; release: string | null },
): Promise<string | undefined> {
  const [file, ...args] = world.platform === 'win32' ? ['cmd', '/d', '/s', '/c', command] : ['sh', '-c', command];
  // The token is for Deploynix alone.
  const { DNX_TOKEN: _token, ...env } = world.env;
  progress.note(`Verifying ${name} with: ${command}`);
  const go = progress.hold();
  try {
    const code = await world.spawn({
      file: file ?? 'sh',
      args,
      env: { ...env, DNX_SITE_URL: base, DNX_RELEASE: release ?? '' },
      output: 'stderr',
    });
    return code === 0 ? undefined : `“${command}” ended with ${code}`;
  } catch (error) {
    if (isError(error, 'usage')) return error.message;
    throw error;
  } finally {
    go();
  }
}
