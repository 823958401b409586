import { DnxError, usage } from '../../base/errors.ts';
import { type JsonObject, pick } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { capitalized, inQuotes, quotedName, wordOf } from '../../base/text.ts';
import { timeOf } from '../../base/time.ts';
import type { Given } from '../../cli/language/options.ts';
import { isSecretField } from '../../cli/plan/plan.ts';
import { createdId, isAbsent } from '../../cli/plan/record.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { releasesEndpoint } from '../../platform/follow/readers.ts';
import { callOf, type KindName, kindOf } from '../../platform/kinds.ts';
import { called, idIn, resourceName, sameName, type Targets, targetIds, targetOf } from '../../platform/names/names.ts';
import { operations } from '../../platform/operations.ts';
import { inProgress, liveRelease, type Release, releasesOf } from '../deploy/release.ts';
import { type Answers, type Draft, type Ids, openDraft, otherName, type StatePlan } from './draft.ts';
import type { Fleet } from './fleet.ts';
import type { Entry, Row, StateFile } from './model.ts';
import { stateReference } from './references.ts';
import type { Resolve } from './rows.ts';
import { positionIn } from './source.ts';
import { isRenamable } from './words.ts';

/** What a plan does of what a state file asks for. */
export type PlanRules = Partial<
  Given<{
    /** Creates sites. */
    create: boolean;
    /** Deletes what a list has besides, if the file owns the list. */
    delete: boolean;
    /** The names of what to send although the API does not show it; `all` for everything. */
    set_unknown: readonly string[];
    /** Deploys the sites whose changes take effect with a deployment. */
    deploy: boolean;
  }>
>;

/** What is needed to make a plan. */
export interface PlanSources {
  readonly state: StateFile;
  readonly fleet: Fleet;
  readonly resolve: Resolve;
  readonly answers: Answers;
}

/** The fields of a site that take effect when it is deployed. */
const DEPLOYED = ['branch', 'php_version', 'web_directory', 'git_repository_id'];

/** What makes a plan. */
interface Making extends PlanSources {
  readonly rules: PlanRules;
  readonly draft: Draft;
}

/** What has to be sent so that everything is as a state file says: in the order of the kinds, and what is deleted last, in reverse. */
export async function planState(rows: readonly Row[], sources: PlanSources, rules: PlanRules): Promise<StatePlan> {
  requireHidden(sources.state, rules);
  for (const row of rows) requirePossible(row, sources.state, rules);
  const making = { ...sources, rules, draft: openDraft() };
  for (const row of rows) {
    if (row.outcome === 'missing') await planCreate(row, making);
    else if (row.outcome !== 'twin') await planUpdate(row, making);
  }
  for (const row of rows.toReversed()) if (row.outcome === 'extra') planDelete(row, making);
  return making.draft.finish(rules.deploy === true);
}

/** Fails for a name in --set-unknown that the file does not have. */
function requireHidden({ name, entries }: StateFile, { set_unknown = [] }: PlanRules): void {
  const isNamed = (word: string) => entries.some(({ kind, fields }) => sameName(kind, word, resourceName(fields, kind) ?? ''));
  const word = set_unknown.find((other) => other !== ALL && !isNamed(other));
  if (word === undefined) return;
  const names = entries.flatMap(({ kind, fields }) => resourceName(fields, kind) ?? []);
  throw usage(`--set-unknown: ${name} has nothing called '${word}'.${didYouMean(word, names)}`);
}

const ALL = 'all';

/** Fails for a site that nobody agreed to create, and for what may only have another name by now. */
function requirePossible({ kind, place, entry, outcome, resembling = [] }: Row, state: StateFile, { create }: PlanRules): void {
  if (outcome !== 'missing' || !entry || entry.mustExist) return;
  const name = resourceName(entry.fields, kind) ?? '';
  const details = [['file', positionIn(state, entry)]] as const;
  const missing = (where: string, hint: string) =>
    new DnxError('not_found', `Site ${inQuotes(name)} not found on ${where}.`, { details, hint });
  if (kind === 'site' && !place.server) throw missing('any server', 'To create it, name its server: server: NAME.');
  const [like] = entry.isNew ? [] : resembling;
  if (like) {
    const other = resourceName(like, kind) ?? wordOf(like.id);
    const renamed = isRenamable(kind) ? `If it was renamed, add renamed_from: ${other}. ` : '';
    throw new DnxError('ambiguous', `${capitalized(called(kind, { label: name }))} does not exist, but ${quotedName(other)} may be it.`, {
      details,
      hint: `${renamed}If it is another one, add new: true.`,
    });
  }
  if (kind === 'site' && !create) throw missing(place.server?.label ?? '', 'To create it, use --create.');
}

async function planCreate(row: Row, making: Making): Promise<void> {
  const { draft, answers } = making;
  const { kind, place, entry } = row;
  if (!entry) return;
  if (entry.mustExist) return draft.leave(row, 'must_exist');
  const ids = draft.idsOf(place);
  const switches = Object.keys(kindOf(kind).switches ?? {});
  const fields = [...Object.keys(entry.fields), ...Object.keys(entry.references)].filter((field) => !switches.includes(field));
  const call = callOf('POST', kind);
  const body = await bodyOf(call, entry, fields, making);
  if (answers.isStuck(otherName(kind, ids, body), 1)) return draft.leave(row, 'stuck', kindOf(kind).keys.flat());
  const absent = await isNotThere(kind, place, ids, body, making);
  const number = draft.add({ call, ids, body, before: undefined, ...(absent && { absent }), place, row, shown: shownBy(kind, body) });
  const name = resourceName(entry.fields, kind) ?? '';
  draft.creates(kind, ids, name, number);
  const target = { ...place, [kind]: { id: createdId(number), label: name } };
  const isOn = (field: string) => switches.includes(field) && entry.fields[field] === true;
  draft.act(row, target, pick(entry.fields, isOn));
  if (isDeployed(kind, fields)) draft.touch(target);
}

async function planUpdate(row: Row, making: Making): Promise<void> {
  const { draft } = making;
  const { kind, place, entry, item } = row;
  if (!entry || !item) return;
  const { switches = {} } = kindOf(kind);
  const fields = [...openFields(row, making), ...hiddenFields(row, making)];
  const target = { ...place, [kind]: targetOf(item, kind) };
  const ids = draft.idsOf(target);
  const call = callOf('PUT', kind);
  const plain = fields.filter((field) => !(field in switches));
  if (plain.length > 0) {
    const body = await bodyOf(call, entry, plain, making);
    draft.add({ call, ids, body, before: item, place: target, row, shown: shownBy(kind, body) });
  }
  draft.act(
    row,
    target,
    pick(entry.fields, (field) => field in switches && fields.includes(field)),
  );
  const isChanged = isDeployed(kind, plain);
  const waiting = !isChanged && making.rules.deploy && (await undeployed(row, target, making));
  if (isChanged || waiting) draft.touch(target, waiting === 'running');
}

function planDelete(row: Row, { draft, rules }: Making): void {
  const { kind, place, item } = row;
  if (!item) return;
  if (!rules.delete || kindOf(kind).holdsData) {
    draft.leave(row, 'extra');
    return;
  }
  const target = { ...place, [kind]: targetOf(item, kind) };
  draft.add({ call: callOf('DELETE', kind), ids: draft.idsOf(target), body: undefined, before: item, place: target });
  if (kind === 'variable') draft.touch(target);
}

/** The fields that are sent because they differ. Leaves what the API cannot change, and what it has not taken before. */
function openFields(row: Row, { draft, answers }: Making): readonly string[] {
  const { kind, item, differences } = row;
  const fixed = differences.filter((difference) => difference.fixed);
  const open = differences.filter((difference) => !difference.fixed);
  const stuck = open.filter((difference) => answers.isStuck({ kind, id: idIn(item?.id), ...difference }));
  const names = (some: Row['differences']) => some.map(({ field }) => field);
  if (fixed.length > 0) draft.leave(row, 'fixed', names(fixed));
  if (stuck.length > 0) draft.leave(row, 'stuck', names(stuck));
  return names(open.filter((difference) => !stuck.includes(difference)));
}

/** The fields that are sent although the API hides them. Leaves those that the user did not name. */
function hiddenFields(row: Row, { draft, rules }: Making): readonly string[] {
  const { kind, entry, unknown } = row;
  const { switches = {}, fixed = [] } = kindOf(kind);
  const isSent = (field: string) => !(field in switches) && !fixed.includes(field) && operations[callOf('PUT', kind)] !== undefined;
  const fields = unknown.filter(isSent);
  const name = resourceName(entry?.fields ?? {}, kind) ?? '';
  if (rules.set_unknown?.some((word) => word === ALL || sameName(kind, word, name))) return fields;
  if (fields.length > 0) draft.leave(row, 'hidden', fields);
  return [];
}

/** A body with the ids of what the file names, and the values of references. */
async function bodyOf(
  call: Endpoint,
  entry: Entry,
  fields: readonly string[],
  { draft, state, fleet, resolve }: Making,
): Promise<JsonObject> {
  const body: Record<string, unknown> = {};
  const sent = async (field: string): Promise<unknown> => {
    if (field in entry.references) return resolve(entry, field);
    const noun = kindOf(entry.kind).by?.[field];
    const value = entry.fields[field];
    if (noun === undefined) return value;
    const creator = draft.creatorOf(noun, wordOf(value));
    return creator === undefined ? fleet.idOf(noun, wordOf(value)) : createdId(creator);
  };
  for (const field of fields) {
    body[field] = await sent(field);
    if (isSecretField(call, field)) draft.source(body[field], stateReference(state, entry, field));
  }
  return body;
}

/** True if the list has nothing of this name. */
async function isNotThere(kind: KindName, place: Targets, ids: Ids, body: JsonObject, { fleet }: Making): Promise<boolean> {
  if (Object.values(place).some(({ id }) => id === '')) return true;
  const { items } = await fleet.list(kind, ids);
  return isAbsent(callOf('POST', kind), body, items);
}

/** True for what takes effect with the next deployment of the site. */
const isDeployed = (kind: KindName, fields: readonly string[]): boolean =>
  fields.length > 0 && (kind === 'variable' || (kind === 'site' && fields.some((field) => DEPLOYED.includes(field))));

/** Whether an earlier apply changed this, and its site was not deployed since, as far as the API shows it. `running`: it is being deployed. */
async function undeployed({ kind, entry, item = {} }: Row, { server, site }: Targets, { fleet }: Making): Promise<boolean | 'running'> {
  if (!server || !site || !isDeployed(kind, Object.keys(entry?.fields ?? {}))) return false;
  const { items } = await fleet.list('site', { server: server.id });
  const deployed = items?.find(({ id }) => idIn(id) === site.id)?.last_deployed_at;
  const changedAt = timeOf(item.updated_at) ?? Number.POSITIVE_INFINITY;
  const isSince = (at: number | undefined) => at !== undefined && at >= changedAt;
  if (kind === 'variable' && deployed !== null && (changedAt === Number.POSITIVE_INFINITY || isSince(timeOf(deployed)))) return false;
  const releases = releasesOf((await fleet.listAt(releasesEndpoint, targetIds({ server, site }))).items ?? []);
  const [running] = inProgress(releases);
  if (kind === 'variable') return isSince(running?.at) ? 'running' : true;
  const hasBranch = (release: Release) => release.branch === '' || !('branch' in item) || release.branch === item.branch;
  const live = liveRelease(releases);
  const isLive = live ? hasBranch(live) : deployed !== null;
  if (isLive) return false;
  return running && hasBranch(running) ? 'running' : true;
}

/** What a response to this body should show, by the names of a state file, which has names for ids. */
const shownBy = (kind: KindName, body: JsonObject): JsonObject => pick(body, (field) => !(field in (kindOf(kind).by ?? {})));
