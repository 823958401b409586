import { type Detail, type DnxError, type Next, usage } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import { commandLine } from '../../cli/run/line.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import type { Located } from '../../platform/names/names.ts';
import type { Site } from '../deploy/baseline.ts';
import { type DeployContext, siteReference } from '../deploy/site.ts';
import { briefApi } from '../overview/overview.ts';
import { unasked } from '../remote/ssh.ts';
import { causeDetails, checksOf, type Diagnosis, shownRelease, viewOf } from './diagnosis.ts';
import type { FactLine, Facts } from './facts.ts';
import { type Choices, gather } from './gather.ts';
import { type CauseVerdict, chooseCause } from './judge.ts';
import { masked } from './logs/mask.ts';

/** `dnx why`. Reads only, and fails only if it cannot read the site. */
export async function diagnose(ctx: Context<typeof siteEndpoint>, targets: Located, choices: Choices) {
  const { url } = choices;
  if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw usage(`'${url}' is not a URL.`, 'Use a URL that starts with http:// or https://.');
  const { data } = await ctx.call<Site>(siteEndpoint);
  const site: Site = isObject(data) ? data : { id: targets.site.id };
  const gathered = await gather(ctx, siteReference(targets, wordOf(site.domain)), site, choices);
  const { facts, incident, unread } = gathered;
  ctx.progress.done();
  const verdict = chooseCause(facts, incident);
  const diagnosis = diagnosisOf(gathered, verdict, ctx.settings);
  return {
    exit: verdict ? undefined : unread,
    view: viewOf(diagnosis, { now: facts.now, terminal: ctx.world.stdout.isTTY === true }),
    ...(diagnosis.outcome === 'unknown' && lacksLog(gathered) && { next: withLog(facts.siteRef, choices) }),
  };
}

/** The lines about the cause of a deployment that failed just now; none if it is unknown, or needs a question to read. */
export async function causeLines(ctx: DeployContext, siteRef: Located, site: Site): Promise<readonly Detail[]> {
  const silent = unasked({ ...ctx, api: briefApi(ctx) });
  const gathered = await gather(silent, siteRef, site, {});
  ctx.progress.done();
  const verdict = chooseCause(gathered.facts, gathered.incident);
  if (gathered.incident.kind !== 'deployment' || !verdict?.cause) return [];
  return causeDetails(diagnosisOf(gathered, verdict, ctx.settings));
}

type SiteFindings = Awaited<ReturnType<typeof gather>>;

/** True if a deployment is judged without its log. */
const lacksLog = ({ facts, incident }: SiteFindings): boolean =>
  incident.kind === 'deployment' && !facts.logs.some(({ source }) => source === 'deploy' || source === 'given');

/** How to run `dnx why` again with the deployment log. */
function withLog({ site, server }: Located, { path, url, user }: Choices): readonly Next[] {
  const again = Object.entries({ path, url, user }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return [
    { command: ['open', `${server.label}/${site.label}`, '--dashboard'], why: 'Copy the deployment log from the dashboard to deploy.log' },
    { command: ['why', site.label, '--server', server.label, '--log', '@deploy.log', ...again], why: 'Then' },
  ];
}

function diagnosisOf(findings: SiteFindings, verdict: CauseVerdict | undefined, settings: Context['settings']): Diagnosis {
  const { facts, incident, unread } = findings;
  const { siteRef, now, secrets } = facts;
  return {
    site: siteRef.site.label,
    server: siteRef.server.label,
    checked_at: new Date(now).toISOString(),
    subject: incident.kind === 'deployment' ? 'deployment' : 'site',
    outcome: verdict?.cause ? 'known' : verdict || unread ? 'unknown' : 'healthy',
    cause: verdict?.cause?.id ?? null,
    title: titleOf(facts, verdict, unread),
    resolved: verdict?.resolved ?? null,
    evidence: (verdict?.lines ?? []).map((line) => evidenceOf(line, secrets)),
    fixes: (verdict?.fixes ?? []).map(({ command, why }) => ({ command: command && commandLine(command, settings), why })),
    release: shownRelease(incident.release),
    previous: shownRelease(incident.previous),
    checks: checksOf(facts),
    unknown: [
      ...facts.unknown,
      ...(facts.machine && lacksLog(findings)
        ? [{ what: 'deployment log', why: 'none was found on the server', fix: 'Copy it from the dashboard, and use --log.' }]
        : []),
    ],
  };
}

function titleOf({ answer, machine, logs, secrets }: Facts, verdict: CauseVerdict | undefined, unread: DnxError | undefined): string {
  if (verdict === undefined) return unread ? 'No cause found, but not everything could be read' : 'Nothing is wrong';
  if (verdict.cause) return masked(verdict.cause.title, secrets);
  if (machine || logs.some(({ source }) => source === 'given')) return 'Unknown';
  return answer ? 'Cannot read the server' : 'Can read neither the site nor the server';
}

const evidenceOf = ({ source, file, number, text, at }: FactLine, secrets: readonly string[]) => ({
  source,
  file,
  line_number: number,
  line: masked(text, secrets),
  at: at === undefined ? null : new Date(at).toISOString(),
});
