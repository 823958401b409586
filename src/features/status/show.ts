import { isObject, toJson } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import type { LiveState, View } from '../../cli/output/view.ts';
import { idIn, type Located, type SiteIds } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { siteEndpoint } from '../deploy/snapshot.ts';
import { partNames, readParts } from './parts.ts';
import { placeOf, type Seen, statusOf } from './status.ts';
import { statusView } from './view.ts';
import { watched } from './watch.ts';

/** `dnx status`: six requests at the same time. With `watch`, a view that follows the site. */
export async function showStatus(
  ctx: Context<typeof siteEndpoint>,
  targets: Located,
  { watch }: { readonly watch: boolean },
): Promise<View> {
  const { seen, ids } = await read(ctx, targets);
  return watch ? { kind: 'live', states: liveStates(ctx, ids, seen) } : viewOf(ctx, seen, false).view;
}

async function read(ctx: Context<typeof siteEndpoint>, { server, site }: Located): Promise<{ readonly seen: Seen; readonly ids: SiteIds }> {
  const at = ctx.clock.now();
  const given = { server: server.id, site: site.id };
  const early = readParts(ctx, given, partNames);
  // Its failure counts only after that of the site.
  early.catch(() => {});
  const { data } = await ctx.call<Site>(siteEndpoint);
  const found: Site = isObject(data) ? data : { id: site.id };
  const id = idIn(found.id) ?? site.id;
  // A remembered name was of another site, so everything else was, too.
  const ids = id === site.id ? given : { server: idIn(found.server_id) ?? server.id, site: id };
  return { seen: { site: found, at, parts: await (ids === given ? early : readParts(ctx, ids, partNames)) }, ids };
}

function viewOf(ctx: Context<typeof siteEndpoint>, seen: Seen, live: boolean) {
  const reader = { now: ctx.clock.now(), terminal: ctx.world.stdout.isTTY === true };
  const status = statusOf(seen, placeOf(ctx), reader);
  return { status, view: statusView(status, { reader, profile: ctx.settings.profile, live }) };
}

/** The states of a watched site. A new time of reading alone is no change. */
async function* liveStates(ctx: Context<typeof siteEndpoint>, ids: SiteIds, from: Seen): AsyncGenerator<LiveState> {
  let before = '';
  for await (const seen of watched(ctx, ids, from)) {
    const { status, view } = viewOf(ctx, seen, true);
    const { checked_at: _, ...lasting } = status;
    const now = toJson(lasting);
    yield { view, changed: now !== before };
    before = now;
  }
}
