import { DnxError } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { serverEndpoint } from '../../platform/follow/readers.ts';
import type { Located } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import type { DeployContext } from '../deploy/site.ts';
import { siteDirectories, siteOnMachine } from '../remote/machine.ts';
import { unasked } from '../remote/ssh.ts';
import { type Connection, openConnection } from './connection.ts';
import { beginning } from './follow.ts';
import { candidatesOf } from './logs.ts';

/** How long the rest of the log may keep the outcome waiting, in ms. */
const REST_MS = 1_000;

/**
 * Shows the lines of the deploy log above the spinner while a deployment runs, if the server can be read without a question. Returns how to
 * end it, once the rest of the log is shown. The deployment does not depend on it, so a failure shows nothing.
 */
export function showDeployLog(ctx: DeployContext, siteRef: Located, site: Site): () => Promise<void> {
  let connection: Connection | undefined;
  let ended = false;
  const show = async () => {
    const opened = await open(ctx, siteRef, site);
    if (ended) return opened.stop();
    connection = opened;
    if (!(await beginning(opened))) return;
    const decoder = new TextDecoder();
    let rest = '';
    for (let next = await opened.frames.next(); !next.done && !ended; next = await opened.frames.next()) {
      if (next.value.kind !== 'bytes') continue;
      const lines = `${rest}${decoder.decode(next.value.bytes, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) ctx.progress.quote(line);
    }
    if (rest !== '' && !ended) ctx.progress.quote(rest);
  };
  const shown = show().catch((error: unknown) => {
    if (!(error instanceof DnxError)) throw error;
  });
  return async () => {
    connection?.finish();
    const limit = new AbortController();
    if (connection) await Promise.race([shown, ctx.clock.sleep(REST_MS, limit.signal)]);
    limit.abort();
    ended = true;
    connection?.stop();
  };
}

/** Follows the deploy log from now on. ssh asks for nothing. */
async function open(ctx: DeployContext, siteRef: Located, site: Site): Promise<Connection> {
  const { data: server } = await ctx.api.send<JsonObject>(serverEndpoint, { server: siteRef.server.id }, { retry: false });
  const place = siteOnMachine({ ...siteRef }, { server: server ?? {}, site });
  return openConnection(unasked(ctx), {
    machine: place.machine,
    directories: siteDirectories(place),
    candidates: candidatesOf('deploy', place),
    lines: 0,
    follow: true,
    source: 'deploy',
    label: place.domain,
    site: place.domain,
  });
}
