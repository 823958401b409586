import { isError, isStop } from '../../base/errors.ts';
import { tokenFingerprint } from '../../base/secrets.ts';
import { wordOf } from '../../base/text.ts';
import type { BaseContext } from '../../cli/run/context.ts';
import { forgetLease, type Lease, leaseHolder, savedLeases } from '../../machine/lease.ts';
import type { Api } from '../../platform/api/api.ts';
import type { Token } from '../token/token.ts';

/** How late a running lease may be, in ms, until another process revokes its token: it may have been stopped. */
const LATE_MS = 60_000;
/** How long the request of a killed process may take to arrive, in ms. */
const ARRIVAL_MS = 120_000;

/** Revokes the tokens of leases that were killed, or are overdue. Only warns if that fails. */
export async function revokeLeftLeases(ctx: BaseContext): Promise<void> {
  const { api, clock, progress, settings } = ctx;
  if (settings.session) return;
  const now = clock.now();
  for (const lease of savedLeases(settings.directories.config)) {
    const left = !leaseHolder(lease) || now > Date.parse(lease.until) + LATE_MS;
    if (!left || !(await isOwn(ctx, lease))) continue;
    try {
      const found = await revokeLeased(api, lease);
      if (found) progress.note(`Revoked the token of a lease that was interrupted: ${lease.token}`);
      if (found || lease.id !== null || now > Date.parse(lease.started_at) + ARRIVAL_MS) forgetLease(settings.directories.config, lease);
    } catch (error) {
      if (!isError(error) || isStop(error)) throw error;
      progress.warn(`Could not revoke the token of a lease that was interrupted, ${lease.token}: ${error.message}`);
    }
  }
}

/** True if the token in use belongs to the user who leased: another one would not find it. */
async function isOwn({ settings: { host, profile }, tokens }: BaseContext, lease: Lease): Promise<boolean> {
  if (lease.host !== host) return false;
  const held = await tokens.find();
  if (!held) return false;
  return lease.owner === null
    ? held.source !== 'variable' && lease.profile === profile
    : lease.owner === tokenFingerprint(held.token, host);
}

/** Revokes the token of a lease, by its id, or else by its name. False if there is none: a 404 counts only if the list does not have it either. */
export async function revokeLeased(api: Pick<Api, 'list' | 'send'>, { id, token }: Lease): Promise<boolean> {
  const listed = async (isIt: (candidate: Token) => boolean) =>
    (await api.list<Token>('GET /tokens')).filter(isIt).map((candidate) => wordOf(candidate.id));
  const ids = id === null ? await listed(({ name }) => name === token) : [id];
  let found = false;
  for (const tokenId of ids) {
    try {
      await api.send('DELETE /tokens/{token}', { token: tokenId });
      found = true;
    } catch (error) {
      if (!isError(error, 'not_found') || (await listed((known) => wordOf(known.id) === tokenId)).length > 0) throw error;
    }
  }
  return found;
}
