import planSchema from '../../../docs/plan.schema.json';
import { attempt, type DnxError, usage } from '../../base/errors.ts';
import { fromJson, isObject } from '../../base/json.ts';
import { misfit } from '../../base/schema.ts';
import { visible } from '../../base/text.ts';
import type { PlannedDeployment } from '../../cli/language/command.ts';
import { exclusionOf, type Plan, type PlannedChange, type PlannedTarget } from '../../cli/plan/plan.ts';
import { createdId, withCreators } from '../../cli/plan/record.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { type Endpoint, parameters, segment } from '../../platform/api/endpoint.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { changes as changing, createdBy, isHarmlessQuery, listPath, operationPath, operations } from '../../platform/operations.ts';
import { leavesSite } from '../deploy/options.ts';
import type { AskedAbilities, AskedEndpoint } from '../token/abilities/arithmetic.ts';

/** A larger plan is refused before it is read. */
const LIMIT_MB = 10;
/** More than the entries of a state file. At the API's limit of 60 requests a minute, sending them takes three hours. */
const MOST_CHANGES = 10_000;

/** Reads plans as one, whose changes follow each other. What several of them create or delete is one change. */
export function readPlanFiles(names: readonly string[], world: Pick<World, 'cwd' | 'home'>) {
  const read = names.map((name) => readPlanFile(name, world));
  const [{ plan: first }] = read as [(typeof read)[0]];
  const changes: PlannedChange[] = [];
  const shared = new Map<string, number>();
  for (const [at, { plan }] of read.entries()) {
    if (plan.host !== first.host) throw usage(`${names[at]} is a plan for ${plan.host}, and ${names[0]} for ${first.host}.`);
    const numbers: number[] = [];
    const earlier = new Map(shared);
    for (const planned of plan.changes) {
      const change = renumbered(planned, numbers);
      const key = keyOfOnce(change);
      const number = earlier.get(key) ?? changes.push(change);
      numbers.push(number);
      if (key !== '') shared.set(key, number);
    }
  }
  const [created_at] = read.flatMap(({ plan }) => plan.created_at ?? []).sort();
  return { plan: { ...first, changes, ...(created_at !== undefined && { created_at }) }, text: read.map(({ text }) => text).join('\0') };
}

/** The same for changes that create or delete the same, which is done once, and for what follows a creation; empty for others. */
function keyOfOnce({ call, targets, body, query }: PlannedChange): string {
  const isOnce = createdBy(call) || call.startsWith('DELETE ') || Object.values(targets).some(({ created_by }) => created_by !== undefined);
  return isOnce ? JSON.stringify([call, targets, body, query]) : '';
}

/** A change whose targets, and those that its body has the ids of, are created by the changes with these numbers. */
function renumbered({ targets, body, ...change }: PlannedChange, numbers: readonly number[]): PlannedChange {
  const moved = ({ created_by: by = 0, ...target }: PlannedTarget) => ({ ...target, ...(by > 0 && { created_by: numbers[by - 1] ?? by }) });
  return {
    ...change,
    body: isObject(body) ? withCreators(body, (number) => createdId(numbers[number - 1] ?? number)) : body,
    targets: Object.fromEntries(Object.entries(targets).map(([noun, target]) => [noun, moved(target)])),
  };
}

/** Reads a plan that anybody may have written. It can only name operations of the API reference, of which every part is checked. */
function readPlanFile(name: string, world: Pick<World, 'cwd' | 'home'>): { readonly plan: Plan; readonly text: string } {
  const text = readText(pathOf(name, world), LIMIT_MB);
  if (text === undefined) throw usage(`${name} does not exist.`);
  const value: unknown = attempt(() => fromJson(text.replace(/^\ufeff/, '')));
  if (value === undefined) throw usage(`${name} is not valid JSON.`);
  const wrong = (what: string): DnxError =>
    usage(`${name} is not a plan: ${what}.`, 'Make one with --dry-run --out FILE.').with({ reason: 'plan_invalid' });
  if (!isObject(value)) throw wrong('it is not an object');
  if (value.version !== 1) throw wrong(`its version is not 1, which this dnx reads`);
  const place = misfit(value, planSchema, planSchema.$defs);
  if (place !== undefined) throw wrong(`${visible(place)} is not in a plan, or not valid`);
  const plan = value as unknown as Plan;
  const { changes } = plan;
  if (changes.length === 0 || changes.length > MOST_CHANGES) throw wrong(`it needs 1 to ${MOST_CHANGES} changes`);
  for (const [at, member] of changes.entries()) requireChange(member, changes.slice(0, at), (what) => wrong(`change ${at + 1} ${what}`));
  return { plan: { ...plan, changes: changes.map(inOrder) }, text };
}

/** A change with its targets in the order of its path, whatever that of the file is: the last one is what a name confirms. */
const inOrder = (change: PlannedChange): PlannedChange => ({
  ...change,
  targets: Object.fromEntries(parameters(change.call).flatMap((noun) => (change.targets[noun] ? [[noun, change.targets[noun]]] : []))),
});

type Complaint = (what: string) => DnxError;

function requireChange({ call, targets, body, ...change }: PlannedChange, earlier: readonly PlannedChange[], wrong: Complaint): void {
  if (!changing.includes(call)) throw wrong('is no operation that changes something');
  const why = exclusionOf({ call, body });
  if (why !== undefined) throw wrong(`cannot be in a plan: ${why}`);
  if (body !== null && !isObject(body)) throw wrong('has a body that is not an object');
  if (change.absent && !createdBy(call)) throw wrong('creates nothing, so nothing can be absent');
  if (change.deployment) requireDeployment(call, change.deployment, wrong);
  if (change.query !== undefined && !isHarmlessQuery(change.query)) throw wrong('has a query that is not valid');
  const nouns = parameters(call);
  if (Object.keys(targets).sort().join() !== [...nouns].sort().join()) throw wrong('does not name its targets');
  for (const [noun, target] of Object.entries(targets)) requireTarget(noun, target, earlier, wrong);
}

function requireDeployment(call: string, { verify, rollback_on_fail }: PlannedDeployment, wrong: Complaint): void {
  if (operations[call]?.starts !== 'deployment') throw wrong('has a deployment of something else');
  if (!verify && rollback_on_fail) throw wrong('rolls back without a verification');
  if (verify && leavesSite(verify.path)) throw wrong('verifies a path that is not one of the site');
}

function requireTarget(noun: string, { id, created_by }: PlannedTarget, earlier: readonly PlannedChange[], wrong: Complaint): void {
  if (id !== null && created_by === undefined) {
    segment(id);
    return;
  }
  const creator = id === null && created_by !== undefined ? earlier[created_by - 1] : undefined;
  if (!creator || createdBy(creator.call) !== noun) throw wrong(`has a ${noun} that no earlier change creates`);
}

/** The operations of `dnx apply FILE…`: what it compares, and what it sends. */
export function askedByPlan(files: readonly string[], check: boolean, world: Pick<World, 'cwd' | 'home'>): AskedAbilities {
  const asked = readPlanFiles(files, world).plan.changes.flatMap(({ call }, at): AskedEndpoint[] => {
    const path = operationPath(call);
    const lists = parameters(call).map((noun) => listPath(call, noun));
    const reads = [
      ...lists,
      ...(createdBy(call) ? [path] : []),
      ...(operations[call]?.starts === 'deployment' ? [operationPath(siteEndpoint)] : []),
    ];
    return [
      ...reads.map((read) => ({ endpoint: `GET ${read}` as Endpoint, because: `compares change ${at + 1}` })),
      ...(check ? [] : [{ endpoint: call, because: `change ${at + 1}` }]),
    ];
  });
  return { asked, notes: [] };
}
