import { type DnxError, isError, isStop, usage } from '../../base/errors.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { phaseOf } from '../../base/status.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { creatorOf } from '../../cli/plan/record.ts';
import type { PreviewSettings } from '../../machine/settings/preview.ts';
import { certificatesEndpoint } from '../../platform/follow/readers.ts';
import { followStarted } from '../../platform/follow/work.ts';
import { type Located, resourceName, sameName, targetIds } from '../../platform/names/names.ts';
import { isSpent, issue, issueCertificate, issueEndpoint } from '../site/certificate.ts';

type CertificateOptions = Given<{ certificate: string; private_key: string }>;

/** What is sent for the certificate of a preview; undefined if it is to have none. */
function bodyFor({ site }: Located, settings: PreviewSettings, { certificate, private_key }: CertificateOptions) {
  if (certificate !== undefined) return { domain: site.label, type: 'custom', certificate, private_key };
  return settings.certificate === 'none' ? undefined : { domain: site.label, type: 'letsencrypt' };
}

/** The certificate of a site that is valid, or may become so. */
async function standing({ api, clock }: Pick<Context, 'api' | 'clock'>, place: Located): Promise<JsonObject | undefined> {
  const listed = (await api.list<JsonObject>(certificatesEndpoint, targetIds(place))).filter(isObject);
  const isOfSite = (one: JsonObject) => sameName('certificate', resourceName(one, 'certificate') ?? '', place.site.label);
  const living = listed.filter((one) => isOfSite(one) && !isSpent(one, clock.now()));
  return living.find(({ status }) => phaseOf(status) !== 'going') ?? living[0];
}

/** Sees to a certificate for a preview, unless a valid one stands. Returns why it has none, which does not stop the deployment. */
export async function certify(
  ctx: Context,
  place: Located,
  settings: PreviewSettings,
  options: CertificateOptions,
): Promise<DnxError | undefined> {
  const body = bodyFor(place, settings, options);
  if (!body) return undefined;
  try {
    const found = await standing(ctx, place);
    if (found && phaseOf(found.status) !== 'going') return undefined;
    const work = { ...issue(ctx, place, place.site.label), wait: true };
    const exit = found ? (await followStarted(ctx, work, found)).failure : (await issueCertificate(ctx, place, body, true)).exit;
    if (isStop(exit)) throw exit;
    return isError(exit) ? exit : undefined;
  } catch (error) {
    if (!isError(error) || isStop(error)) throw error;
    return error;
  }
}

/** In a dry run, records the request for a certificate. A site that is still to be created has none. */
export async function recordCertificate(
  ctx: Context,
  place: Located,
  settings: PreviewSettings,
  options: CertificateOptions,
): Promise<void> {
  const body = bodyFor(place, settings, options);
  if (!body || (creatorOf(place.site.id) === undefined && (await standing(ctx, place)))) return;
  await ctx.api.send(issueEndpoint, targetIds(place), { body, assume: {} });
}

/** Fails for one of --certificate and --private-key without the other. */
export function requirePair({ certificate, private_key }: CertificateOptions): void {
  if ((certificate === undefined) !== (private_key === undefined)) throw usage('--certificate and --private-key need each other.');
}
