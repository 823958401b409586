import { type DnxError, usage } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject, own } from '../../base/json.ts';
import { visible } from '../../base/text.ts';
import type { PlannedDeployment } from '../../cli/plan/deployment.ts';
import { exclusionOf, type Plan, type PlannedChange, type PlannedTarget } from '../../cli/plan/plan.ts';
import { readText } from '../../machine/files/text-file.ts';
import { pathOf, type World } from '../../machine/world.ts';
import { type Endpoint, parameters, segment } from '../../platform/api/endpoint.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { changes as changing, createdBy, isHarmlessQuery, listPath, operationPath, operations } from '../../platform/operations.ts';
import { leavesSite } from '../deploy/options.ts';
import type { AskedEndpoint, Asking } from '../token/abilities/arithmetic.ts';

const nullable = (type: string) => ({ type: [type, 'null'] });
const objects = { type: 'array', items: { type: 'object' } };

/** The JSON Schema of a plan, as `--out` writes it and `--dry-run --json` prints it. `docs/plan.schema.json` is a copy. */
export const planSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'dnx plan',
  description: 'What a command would change at Deploynix. Contains no secrets.',
  type: 'object',
  required: ['version', 'host', 'changes', 'consent', 'abilities', 'about'],
  additionalProperties: false,
  properties: {
    version: { const: 1 },
    host: { description: 'A plan is applied at this host only.', type: 'string' },
    created_at: { description: 'In a file.', type: 'string', format: 'date-time' },
    changes: { description: 'In the order in which they are sent.', type: 'array', items: { $ref: '#/$defs/change' } },
    consent: {
      description: 'What the command asks before it sends them. --yes answers what is moderate, --confirm with this name what is severe.',
      type: 'object',
      required: ['level', 'confirm'],
      additionalProperties: false,
      properties: { level: { enum: ['moderate', 'severe', null] }, confirm: nullable('string') },
    },
    abilities: { description: 'What the token must be able to do, besides reading.', type: 'array', items: { type: 'string' } },
    about: { description: 'What the command says of the plan as a whole.', ...objects },
  },
  $defs: {
    change: {
      type: 'object',
      required: ['call', 'targets', 'body', 'before'],
      additionalProperties: false,
      properties: {
        call: {
          description: 'The operation as the API reference writes it, or of dnx api another one with its ids.',
          anyOf: [{ enum: changing }, { type: 'string', pattern: '^[A-Z]+ /' }],
        },
        targets: { description: 'By path parameter.', type: 'object', additionalProperties: { $ref: '#/$defs/target' } },
        query: { description: 'What dnx api adds to the path.', type: 'string', pattern: '^[^#?]+$' },
        body: {
          description: 'The JSON body. A secret is masked in output; in a file, it is an object that says where it is read.',
          examples: [{ password: { secret: 'file://secrets/db' } }],
        },
        before: {
          description: 'What it replaces or deletes; null if that was not read. Compared when the plan is applied.',
          ...nullable('object'),
        },
        absent: { description: 'Nothing of this name existed.', const: true },
        deployment: { $ref: '#/$defs/deployment' },
        undo: { description: 'Why dnx undo cannot take it back; null if it can.', ...nullable('string') },
        undoes: {
          description: 'The change of the history on this machine that it takes back.',
          type: 'object',
          required: ['run', 'n'],
          additionalProperties: false,
          properties: { run: { type: 'string' }, n: { type: 'integer', minimum: 0 } },
        },
        about: { description: 'What the command says of this change.', ...objects },
      },
    },
    deployment: {
      description: 'What a deployment is held to. Its branch is compared with the commit before it, and its release afterwards.',
      type: 'object',
      required: ['commit', 'branch', 'repository', 'verify', 'rollback_on_fail'],
      additionalProperties: false,
      properties: {
        commit: { description: 'Null if the plan was made outside of a clone.', ...nullable('string'), pattern: '^[0-9a-f]{40,64}$' },
        branch: nullable('string'),
        repository: nullable('string'),
        verify: {
          description: 'How the site is requested afterwards, at its own address: the options of dnx deploy. Null for no verification.',
          type: ['object', 'null'],
          required: ['path', 'expect', 'expect_body', 'for', 'within_s'],
          additionalProperties: false,
          properties: {
            path: { type: 'string' },
            expect: { type: 'integer', minimum: 100, maximum: 599 },
            expect_body: nullable('string'),
            for: { type: 'integer', minimum: 1, maximum: 1000 },
            within_s: { type: 'integer', minimum: 1, maximum: 86_400 },
          },
        },
        rollback_on_fail: { description: 'A release that fails verification is rolled back.', type: 'boolean' },
      },
    },
    target: {
      type: 'object',
      required: ['id', 'name'],
      additionalProperties: false,
      properties: {
        id: { description: 'Null for what an earlier change creates.', ...nullable('string') },
        name: nullable('string'),
        created_by: { description: 'The number of that change, from 1.', type: 'integer', minimum: 1 },
      },
    },
  },
};

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

type Wrong = (what: string) => DnxError;

function requireChange({ call, targets, body, ...change }: PlannedChange, earlier: readonly PlannedChange[], wrong: Wrong): void {
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

function requireDeployment(call: string, { verify, rollback_on_fail }: PlannedDeployment, wrong: Wrong): void {
  if (operations[call]?.starts !== 'deployment') throw wrong('has a deployment of something else');
  if (!verify && rollback_on_fail) throw wrong('rolls back without a verification');
  if (verify && leavesSite(verify.path)) throw wrong('verifies a path that is not one of the site');
}

function requireTarget(noun: string, { id, created_by }: PlannedTarget, earlier: readonly PlannedChange[], wrong: Wrong): void {
  if (id !== null && created_by === undefined) {
    segment(id);
    return;
  }
  const creator = id === null && created_by !== undefined ? earlier[created_by - 1] : undefined;
  if (!creator || createdBy(creator.call) !== noun) throw wrong(`has a ${noun} that no earlier change creates`);
}

/** The operations of `dnx apply FILE`: what it compares, and what it sends. */
export function askedByPlan(file: string, check: boolean, world: Pick<World, 'cwd' | 'home'>): Asking {
  const asked = readPlanFile(file, world).plan.changes.flatMap(({ call }, at): AskedEndpoint[] => {
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

interface Rule {
  readonly description?: string;
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Rule;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Rule>>;
  readonly additionalProperties?: boolean | Rule;
}

const is: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  null: (value) => value === null,
  object: isObject,
  string: (value) => typeof value === 'string',
};

/** Where a value is not what a rule says, such as `changes[0].about`; undefined if it is. */
function misfit(value: unknown, rule: Rule, defs: Readonly<Record<string, Rule>>, place = ''): string | undefined {
  const ref = rule.$ref?.split('/').at(-1);
  if (ref !== undefined) return misfit(value, defs[ref] ?? {}, defs, place);
  const isFit =
    (!('const' in rule) || value === rule.const) &&
    (rule.enum?.includes(value) ?? true) &&
    (rule.type === undefined || [rule.type].flat().some((type) => is[type]?.(value))) &&
    (typeof value !== 'string' || rule.pattern === undefined || new RegExp(rule.pattern).test(value)) &&
    (typeof value !== 'number' || (value >= (rule.minimum ?? value) && value <= (rule.maximum ?? value)));
  if (!isFit) return place;
  if (Array.isArray(value)) return first(value.map((item, at) => rule.items && misfit(item, rule.items, defs, `${place}[${at}]`)));
  return isObject(value) ? misfitIn(value, rule, defs, place) : undefined;
}

function misfitIn(value: JsonObject, rule: Rule, defs: Readonly<Record<string, Rule>>, place: string): string | undefined {
  const at = (key: string) => (place === '' ? key : `${place}.${key}`);
  const missing = rule.required?.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) return at(missing);
  const { properties = {}, additionalProperties: others = true } = rule;
  return first(
    Object.entries(value).map(([key, member]) => {
      const known = own(properties, key) ?? others;
      return known === true ? undefined : known === false ? at(key) : misfit(member, known, defs, at(key));
    }),
  );
}

const first = (places: readonly (string | undefined)[]): string | undefined => places.find((place) => place !== undefined);
