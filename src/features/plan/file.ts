import { type DnxError, usage } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject, own } from '../../base/json.ts';
import { operations } from '../../cli/plan/operations.ts';
import { createdBy, exclusionOf, type Plan, type PlannedChange } from '../../cli/plan/plan.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { parameters, segment } from '../../platform/api/endpoint.ts';

/** A larger plan is refused before it is read. */
const LIMIT_MB = 1;
const MOST_CHANGES = 500;

/** Reads a plan that anybody may have written. It can only name operations of the API reference, of which every part is checked. */
export function readPlanFile(name: string, world: Pick<World, 'cwd' | 'home'>): { readonly plan: Plan; readonly text: string } {
  const text = readText(pathOf(name, world), LIMIT_MB);
  if (text === undefined) throw usage(`${name} does not exist.`);
  let value: unknown;
  try {
    value = fromJson(text.replace(/^\ufeff/, ''));
  } catch {
    throw usage(`${name} is not valid JSON.`);
  }
  const wrong = (what: string): DnxError =>
    usage(`${name} is not a plan: ${what}.`, 'Make one with --dry-run --out FILE.').with({ reason: 'plan_invalid' });
  if (!isObject(value)) throw wrong('it is not an object');
  if (value.version !== 1) throw wrong(`its version is not 1, which this dnx reads`);
  requireKeys(value, ['version', 'host', 'created_at', 'changes', 'consent', 'abilities', 'about'], wrong);
  const { host, changes } = value;
  if (typeof host !== 'string') throw wrong('it names no host');
  if (!Array.isArray(changes) || changes.length === 0 || changes.length > MOST_CHANGES)
    throw wrong(`it needs 1 to ${MOST_CHANGES} changes`);
  for (const [at, each] of changes.entries()) requireChange(each, changes.slice(0, at), (what) => wrong(`change ${at + 1} ${what}`));
  return { plan: { ...(value as unknown as Plan), changes: changes.map(inOrder) }, text };
}

/** A change with its targets in the order of its path, whatever that of the file is: the last one is what a name confirms. */
const inOrder = (change: PlannedChange): PlannedChange => ({
  ...change,
  targets: Object.fromEntries(parameters(change.call).flatMap((noun) => (change.targets[noun] ? [[noun, change.targets[noun]]] : []))),
});

type Wrong = (what: string) => DnxError;

function requireKeys(value: JsonObject, known: readonly string[], wrong: Wrong): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw wrong(`has the unknown field '${other}'`);
}

function requireChange(change: unknown, earlier: readonly PlannedChange[], wrong: Wrong): void {
  if (!isObject(change)) throw wrong('is not an object');
  requireKeys(change, ['call', 'targets', 'body', 'before', 'absent', 'always', 'undo', 'about'], wrong);
  const { call, targets, body, before } = change;
  if (typeof call !== 'string' || !own(operations, call)) throw wrong('is no operation that changes something');
  const why = exclusionOf({ call: call as PlannedChange['call'], body });
  if (why !== undefined) throw wrong(`cannot be in a plan: ${why}`);
  for (const [key, each] of Object.entries({ body, before }))
    if (each !== null && each !== undefined && !isObject(each)) throw wrong(`has a ${key} that is not an object`);
  const nouns = parameters(call);
  if (!isObject(targets) || Object.keys(targets).sort().join() !== [...nouns].sort().join()) throw wrong('does not name its targets');
  for (const [noun, target] of Object.entries(targets)) requireTarget(noun, target, earlier, wrong);
}

function requireTarget(noun: string, target: unknown, earlier: readonly PlannedChange[], wrong: Wrong): void {
  if (!isObject(target)) throw wrong(`has no ${noun}`);
  requireKeys(target, ['id', 'name', 'created_by'], wrong);
  const { id, name, created_by } = target;
  if (name !== null && typeof name !== 'string') throw wrong(`has a ${noun} without a name`);
  if (typeof id === 'string' && created_by === undefined) {
    segment(id);
    return;
  }
  const creator = id === null && typeof created_by === 'number' ? earlier[created_by - 1] : undefined;
  if (!creator || createdBy(creator.call) !== noun) throw wrong(`has a ${noun} that no earlier change creates`);
}
