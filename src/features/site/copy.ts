import { type Detail, DnxError, isError, type Next, usage } from '../../base/errors.ts';
import type { JsonObject } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { counted, title, withDetails, wordOf } from '../../base/text.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { message, nothing } from '../../cli/output/view.ts';
import { serverEndpoint } from '../../platform/follow/readers.ts';
import { type KindName, kindOf } from '../../platform/kinds.ts';
import { isLike } from '../../platform/names/existing.ts';
import { isHost, type Located, resourceName, sameDomain, type Target, targetIds, withoutUrl } from '../../platform/names/names.ts';
import { sitePlace } from '../deploy/site.ts';
import { changesBy, consentToSend } from '../env/dangers.ts';
import { remoteSide } from '../env/remote.ts';
import { type Side, UNKNOWN } from '../env/sync/steps.ts';
import { createVariableEndpoint } from '../env/variables.ts';
import { makePlan, openPlanFleet, planInTurn, recordChanges, sendPlan } from '../state/apply.ts';
import type { StatePlan } from '../state/draft.ts';
import { unwrittenEntry, unwrittenState } from '../state/file.ts';
import type { Fleet } from '../state/fleet.ts';
import type { Entry, Row } from '../state/model.ts';
import { siteNamed } from './named.ts';
import { fieldsOf, newSiteFields, partKinds, readParts, renamed, type SiteParts } from './parts.ts';

type CopyOptions = Given<{ from_site: string; as: string; except: readonly string[]; wait: boolean; timeout: number }> & {
  readonly to: string;
};

/** A site, and where its copy goes. */
interface Copying {
  readonly source: SiteParts;
  readonly to: Located;
  /** The variables of the site that are not left out. */
  readonly variables: Side;
}

/** `dnx site copy`: creates a site like another one, without its data, as a plan of a state file that nobody has written. */
export const copySite = (ctx: Context, options: CopyOptions, consent: GivenConsent) =>
  planInTurn(ctx, async ({ pause }) => {
    const fleet = openPlanFleet(ctx, 'site copy');
    const copying = await openCopy(ctx, fleet, options);
    const entries = entriesOf(copying);
    const details = copyDetails(copying, entries, options.except ?? []);
    const [from, to] = [copying.source.place, copying.to].map(sitePlace);
    if (ctx.recorder) ctx.recorder.about(Object.fromEntries(details), details, true);
    else ctx.progress.note(withDetails(`Copying ${from} to ${to}`, details));
    const plan = await makePlan(ctx, unwrittenState(`the copy of ${from}`, entries), fleet, { create: true });
    requireRead(plan.unread.map(({ error }) => error));
    await requireCopy(plan.rows, fleet, copying.to);
    if (ctx.recorder) return recorded(ctx, plan.changes, copying.to, consent);
    const confirm = consent.confirm === undefined ? [] : [consent.confirm];
    const result = await sendPlan(ctx, plan, { options: { ...options, confirm }, consent, pause });
    if (result.exit) return result;
    if (result.view.kind === 'message') return { ...result, view: message(`${to} is a copy of ${from} already.`, []) };
    return { ...result, next: [...(result.next ?? []), ...nextSteps(copying)] };
  });

/** Reads the site, and finds where its copy goes. Fails for the place of the site itself. */
async function openCopy(ctx: Context, fleet: Fleet, { from_site, to, as, except = [] }: CopyOptions): Promise<Copying> {
  const domain = as === undefined ? undefined : withoutUrl(as);
  if (domain !== undefined && !(domain.includes('.') && isHost(domain.replace(/^\*\./, ''))))
    throw usage('--as must be a domain alone, as in shop.example.com.');
  const { server = { id: '', label: to } } = await ctx.resolve(serverEndpoint, { server: to });
  const site = await siteNamed(ctx, from_site).catch((error: unknown) => {
    // By now, an interrupted copy may have made another site of this domain.
    const choices = (as === undefined && isError(error, 'ambiguous') && error.meant?.choices) || [];
    const [only, ...others] = choices.filter(({ word }) => !word.startsWith(`${server.label}/`));
    if (!only || others.length > 0) throw error;
    return siteNamed(ctx, only.word);
  });
  const read = await readParts(ctx, fleet, site);
  requireRead([...read.unread.values()]);
  // A state file has names alone.
  const named = async (target: Target) => ({ ...target, label: (await fleet.nameOf('server', target.id)) ?? target.label });
  const from = { ...read.place, server: await named(site.server) };
  const place = { server: await named(server), site: { id: '', label: domain ?? from.site.label } };
  if (place.server.id === site.server.id && sameDomain(place.site.label, from.site.label))
    throw usage(`${sitePlace(from)} cannot be copied to itself.`, 'Use --as for another domain, or --to for another server.');
  const variables = remoteSide(read.lists.get('variable') ?? []);
  const wrong = except.find((key) => !variables.has(key));
  if (wrong !== undefined)
    throw usage(`${from.site.label} has no variable ${wrong}.${didYouMean(wrong, [...variables.keys()])} Nothing was copied.`);
  return { source: { ...read, place: from }, to: place, variables: new Map([...variables].filter(([key]) => !except.includes(key))) };
}

function requireRead([error]: readonly DnxError[]): void {
  if (error) throw error.with({ details: [['copied', 'nothing, because not all of the site can be read']] });
}

/** What a state file would say of the copy: the new domain wherever the site has its own. */
function entriesOf({ source, to, variables }: Copying): readonly Entry[] {
  const entryOf = (kind: KindName, fields: JsonObject) =>
    unwrittenEntry(kind, { server: to.server.label, ...(kindOf(kind).under === 'site' && { site: to.site.label }) }, fields);
  const site = entryOf('site', { ...newSiteFields(source.settings), domain: to.site.label });
  const shown = [...variables].flatMap(([key, value]) => (value === UNKNOWN ? [] : [{ key, value }]));
  const listed = partKinds.flatMap((kind) => {
    const items = kind === 'variable' ? shown : (source.lists.get(kind) ?? []).map((item) => fieldsOf(kind, item));
    return items.map((item) => entryOf(kind, renamed(item, source.place.site.label, to.site.label)));
  });
  return [site, ...listed];
}

/** Fails if the domain is that of a site that no interrupted copy has made: it has something else than the copy would have. */
async function requireCopy(rows: readonly Row[], fleet: Fleet, { server, site }: Located): Promise<void> {
  const isOfCopy = ({ id }: JsonObject) => rows.some(({ item }) => item?.id === id);
  const others: string[] = [];
  for (const { kind, place, entry, outcome, differences } of rows) {
    const { keys, under } = kindOf(kind);
    if (!entry || place.site?.id === '' || (kind !== 'site' && under !== 'site')) continue;
    const { items = [] } = outcome === 'missing' ? await fleet.list(kind, targetIds(place)) : {};
    const isTaken = items.some((item) => isLike(kind, item, entry.fields, keys[0] ?? []) && !isOfCopy(item));
    // What an action switches on comes after the site.
    if (isTaken || differences.some(({ field }) => field !== 'zero_downtime'))
      others.push(kind === 'site' ? 'its settings' : (resourceName(entry.fields, kind) ?? title(kind)));
  }
  if (others.length > 0)
    throw new DnxError('differences', `${site.label} exists on ${server.label}, and is not a copy. Nothing was changed.`, {
      details: [['different', others.join(', ')]],
      hint: 'Use --as for another domain.',
    });
}

/** In a dry run, records what a copy would send. */
async function recorded(ctx: Context, changes: StatePlan['changes'], to: Located, consent: GivenConsent) {
  const remote = new Map();
  const variables = changes.flatMap(({ call, body }) => (call === createVariableEndpoint ? changesBy(call, body, undefined, remote) : []));
  await consentToSend(ctx, to, { changes: variables, remote, consent, ask: { lines: [], question: '' } });
  await recordChanges(ctx, changes);
  return { view: nothing };
}

/** What goes along with a copy, and what does not. */
function copyDetails({ to, variables }: Copying, entries: readonly Entry[], except: readonly string[]): readonly Detail[] {
  const counts = partKinds.map((kind) => ({ kind, count: entries.filter((entry) => entry.kind === kind).length }));
  const copied = entries.flatMap(({ fields: { key, value } }) => (key === undefined ? [] : [{ key: wordOf(key), value }]));
  const keysOf = (some: typeof copied) => some.map(({ key }) => key);
  const lines: readonly (readonly [label: string, names: readonly string[], hint?: string])[] = [
    ['copied', ['settings', ...counts.flatMap(({ kind, count }) => (count === 0 ? [] : [counted(count, title(kind))]))]],
    [`with ${to.site.label}`, keysOf(copied.filter(({ key, value }) => variables.get(key) !== value))],
    ['left out', except],
    ['same database', keysOf(copied).filter((key) => /^(DB_|DATABASE_URL$)/.test(key)), '; leave these out with --except'],
    ['hidden by the API', [...variables.keys()].filter((key) => variables.get(key) === UNKNOWN), '; set these with dnx env push'],
  ];
  return [
    ...lines.flatMap(([label, names, hint = '']): readonly Detail[] => (names.length === 0 ? [] : [[label, `${names.join(', ')}${hint}`]])),
    ['not copied', 'data (dnx db dump and db import, or db pull), certificates (dnx certificate create), files, deploy keys, releases'],
  ];
}

/** What a copy still needs. */
const nextSteps = ({ source: { place: from }, to: { site, server } }: Copying): readonly Next[] => {
  const at = ['--server', server.label];
  return [
    { command: ['db', 'dump', from.site.label, '--server', from.server.label], why: 'Save the data with' },
    { command: ['db', 'import', site.label, 'FILE', ...at], why: 'Then, into a database of its own' },
    { command: ['certificate', 'create', site.label, '--site', site.label, ...at], why: 'Once the domain points there' },
  ];
};
