import { DnxError, isError } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { childEnv, envWithoutSecrets } from '../../machine/env.ts';
import { NetworkFault, shellCommand, type Transport } from '../../machine/world.ts';
import { runUntil, transportUntil } from '../../platform/api/deadline.ts';
import { siteUrl } from '../../platform/names/names.ts';
import type { Verification } from './options.ts';

interface Subject {
  readonly name: string;
  readonly release: string | null;
}

const PROBE_PAUSE_MS = 2_000;
const LONGEST_BODY = 1_000_000;
const LATE = 'did not respond in time';

/** Requests the site, without the token, and runs the user's command. Resolves to the reason for a failure. */
export async function probeSite(ctx: Context, verification: Verification, site: Subject): Promise<string | undefined> {
  const { command, path } = verification;
  const base = verification.url ?? siteUrl(site.name);
  const why = path === undefined || base === undefined ? undefined : await probeUntil(ctx, verification, pageOf(base, path), site);
  return why ?? (command === undefined ? undefined : runCommand(ctx, command, { base: base ?? '', ...site }));
}

/** `https://example.com/blog` and `/up` -> `https://example.com/blog/up`. Whatever the path is, its host is that of the base. */
function pageOf(base: string, path: string): string {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/*$/, '/');
  return new URL(`./${path.replace(/^\//, '')}`, url).href;
}

/** Requests the page until it passes as often as it must. Resolves to the reason for a failure if it does not in time. */
async function probeUntil(ctx: Context, verification: Verification, url: string, { name }: Subject): Promise<string | undefined> {
  const { clock, deadline, settings, signal, progress, world } = ctx;
  const started = clock.elapsed();
  const end = Math.min(started + verification.withinMs, deadline);
  const transport = transportUntil(await world.connect(settings.caFile), clock, end);
  const over = (why: string | undefined) => {
    // Too little time is no failure of the site.
    if (end === deadline && (why === undefined || why === LATE)) throw outOfTime(name);
    const last = why ?? `did not pass ${verification.passes} times in a row`;
    return `${url} ${last}${end === deadline ? ' when --timeout ended' : ''}`;
  };
  try {
    let last: string | undefined;
    for (let passes = 0; ; ) {
      const why = await probe(transport, url, verification, signal, last);
      last = why;
      passes = why === undefined ? passes + 1 : 0;
      progress.step(`${url}: ${why ?? `passed (${passes} of ${verification.passes})`}`, () => duration(clock.elapsed() - started));
      if (passes >= verification.passes) return undefined;
      if (clock.elapsed() + PROBE_PAUSE_MS >= end) return over(why);
      await clock.sleep(PROBE_PAUSE_MS, signal);
    }
  } finally {
    progress.done();
    await transport.close();
  }
}

const outOfTime = (name: string): DnxError => new DnxError('timed_out', `Timed out while verifying ${name}; its release is live`);

/** Requests the site once. Resolves to the reason for a failure; `last` is the previous one. */
async function probe(
  transport: Transport,
  url: string,
  { expect, body }: Verification,
  signal: AbortSignal,
  last: string | undefined,
): Promise<string | undefined> {
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    const text = await beginningOf(response.body);
    if (response.status !== expect) return `returned ${response.status} instead of ${expect}`;
    return body === undefined || text.includes(body) ? undefined : `does not contain '${body}'`;
  } catch (error) {
    if (error instanceof NetworkFault) return `did not respond: ${error.message}`;
    if (isError(error, 'timed_out')) return last ?? LATE;
    throw error;
  }
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= LONGEST_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function runCommand(
  ctx: Context,
  command: string,
  { name, base, release }: Subject & { readonly base: string },
): Promise<string | undefined> {
  ctx.progress.note(`Verifying ${name} with: ${command}`);
  const env = childEnv(envWithoutSecrets(ctx.world.env), { DNX_SITE_URL: base, DNX_RELEASE: release ?? '' });
  const ended = await runUntil(ctx, { ...shellCommand(command, ctx.world), env }, ctx.deadline, () => outOfTime(name));
  if (isError(ended, 'timed_out')) throw ended;
  if (isError(ended)) return ended.message;
  return ended === 0 ? undefined : `'${command}' exited with code ${ended}`;
}
