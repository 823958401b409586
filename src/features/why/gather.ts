import { DnxError, isError, isStop } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { NetworkFault } from '../../machine/world.ts';
import { transportUntil } from '../../platform/api/deadline.ts';
import { type Located, type SiteIds, siteUrl } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { releasesOf } from '../deploy/release.ts';
import { type SiteVariable, variablesEndpoint } from '../env/variables.ts';
import { logsEndpoint, serverLogText } from '../logs/server-log.ts';
import { siteOnMachine } from '../remote/machine.ts';
import type { SiteOptions } from '../remote/options.ts';
import { type PartName, readParts, type StatusPart, unreadParts } from '../status/read.ts';
import { type Answer, type Facts, incidentOf, type UnknownPart } from './facts.ts';
import { secretsIn } from './logs/mask.ts';
import { logOfText, readServer } from './server/read.ts';

/** The options of the command line that say what to read. */
export interface Choices extends Partial<SiteOptions> {
  /** A deployment log that the user has. */
  readonly log?: string | undefined;
  readonly url?: string | undefined;
  /** How far to look back, in ms. */
  readonly since?: number | undefined;
}

const PARTS = ['server', 'releases', 'certificates', 'queues'] as const satisfies readonly PartName[];

const WORDS: Readonly<Record<(typeof PARTS)[number], readonly [what: string, ability: string]>> = {
  server: ['server', 'server:read'],
  releases: ['releases', 'site:read'],
  certificates: ['certificates', 'certificate:read'],
  queues: ['workers', 'queue-worker:read'],
};

/** Reads everything about a site that tells why it fails. Each part may fail alone. */
export async function gather(ctx: Context, siteRef: Located, site: Site, choices: Choices) {
  const { clock, progress } = ctx;
  const ids = { server: siteRef.server.id, site: siteRef.site.id };
  progress.step(`Reading ${siteRef.site.label}`);
  // The answer comes first, because the error behind it must be in the logs when they are read.
  const [parts, variables, serverLog, answer] = await Promise.all([
    readParts(ctx, ids, PARTS),
    optional('variables', 'site:read', variablesOf(ctx, ids)),
    optional('server log', 'server:read', serverLogOf(ctx, ids)),
    answerOf(ctx, siteRef, choices.url),
  ]);
  const releases = parts.releases.items && releasesOf(parts.releases.items);
  const now = clock.now();
  const incident = incidentOf({ site, releases, answer: answer.value, now }, choices.since);
  const server = parts.server.items?.[0] ?? null;
  const named = { ...siteRef, server: { ...siteRef.server, label: wordOf(server?.name) || siteRef.server.label } };
  progress.step(`Reading the logs on ${named.server.label} over SSH`);
  const place = await optional('server over SSH', 'server:read', placeOf(named, site, parts.server, choices.user));
  const wanted = { release: incident.release?.name ?? '', php: wordOf(site.php_version), path: choices.path };
  const remote = place.value ? await readServer(ctx, place.value, wanted) : { machine: null, logs: [], unknown: place.unknown };
  const clocks = { zone: 'Z', now };
  const facts: Facts = {
    now,
    siteRef: named,
    site,
    server,
    releases,
    certificates: parts.certificates.items,
    queues: parts.queues.items,
    variables: variables.value,
    secrets: secretsIn(variables.value ?? []),
    answer: answer.value,
    machine: remote.machine,
    logs: [
      ...(choices.log === undefined ? [] : [logOfText('given', choices.log, clocks, true)]),
      ...remote.logs,
      logOfText('server', serverLog.value ?? '', clocks),
    ],
    unknown: [
      ...PARTS.flatMap((name) => unreadable(...WORDS[name], parts[name].error)),
      ...[variables, serverLog, answer].flatMap(({ unknown }) => unknown ?? []),
      ...remote.unknown,
    ],
  };
  return { facts, incident, unread: unreadParts(siteRef.site.label, parts) };
}

const variablesOf = async ({ api }: Context, ids: SiteIds): Promise<readonly SiteVariable[]> =>
  (await api.list<SiteVariable>(variablesEndpoint, ids)).filter(isObject) as SiteVariable[];

const serverLogOf = async ({ api }: Context, { server }: SiteIds): Promise<string> =>
  serverLogText((await api.send<unknown>(logsEndpoint, { server })).data);

async function answerOf(ctx: Context, { site }: Located, address: string | undefined) {
  const siteAddress = siteUrl(site.label);
  const url = address ?? (siteAddress === undefined ? '' : `${siteAddress}/`);
  const { hostname = '' } = URL.canParse(url) ? new URL(url) : {};
  if (hostname === '' || hostname.includes('*'))
    return { value: null, unknown: { what: 'response of the site', why: `${site.label} is not a host name`, fix: 'Use --url.' } };
  return { value: await requestSite(ctx, url) };
}

async function placeOf(siteRef: Located, site: Site, { error, items }: StatusPart, user: string | undefined) {
  if (error) throw error;
  return siteOnMachine({ ...siteRef }, { server: items?.[0] ?? {}, site }, user);
}

async function optional<T>(what: string, ability: string, part: Promise<T>): Promise<{ value: T | null; unknown: readonly UnknownPart[] }> {
  try {
    return { value: await part, unknown: [] };
  } catch (error) {
    if (!(error instanceof DnxError) || isStop(error) || isError(error, 'usage', 'rate_limited')) throw error;
    return { value: null, unknown: unreadable(what, ability, error) };
  }
}

function unreadable(what: string, ability: string, error: DnxError | undefined): readonly UnknownPart[] {
  if (error?.code === 'forbidden') return [{ what, why: `needs ${ability}`, fix: null }];
  return error ? [{ what, why: error.message.replace(/\.$/, ''), fix: error.hint ?? null }] : [];
}

const LIMIT_MS = 10_000;

/** Requests the site once, without the token and without following a redirect. */
async function requestSite(ctx: Context, url: string): Promise<Answer> {
  const { clock, settings, signal, world } = ctx;
  const started = clock.elapsed();
  const transport = transportUntil(await world.connect(settings.caFile), clock, started + LIMIT_MS);
  const ended = (answer: Pick<Answer, 'status' | 'error' | 'reason'>): Answer => ({
    url,
    ...answer,
    duration_ms: Math.round(clock.elapsed() - started),
  });
  try {
    const response = await transport.request({ method: 'GET', url, headers: { accept: '*/*', 'user-agent': 'dnx' }, signal });
    response.discard();
    return ended({ status: response.status, error: null, reason: null });
  } catch (error) {
    if (error instanceof NetworkFault) return ended({ status: null, error: error.message, reason: error.reason ?? null });
    if (isError(error, 'timed_out')) return ended({ status: null, error: 'no answer in 10s', reason: 'ETIMEDOUT' });
    if (!(error instanceof DnxError) || isStop(error)) throw error;
    return ended({ status: null, error: error.message.replace(/\.$/, ''), reason: null });
  } finally {
    await transport.close();
  }
}
