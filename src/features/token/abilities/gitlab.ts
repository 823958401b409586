import { inspect } from 'node:util';
import { isObject, type JsonObject, own } from '../../../base/json.ts';
import { referenceIn } from '../../../base/yaml.ts';
import { readShell, type Script, type ScriptCommand, type Unclear } from './script.ts';

/** Top-level keys that are not jobs. */
const reserved = ['default', 'include', 'image', 'services', 'cache', 'variables', 'stages', 'workflow', 'spec'];

type Section = 'before_script' | 'script' | 'after_script';

/** The most lines, lists and references in one script, because references can be circular. */
const MOST_STEPS = 5_000;

/** A pipeline and its resolved jobs. */
interface Pipeline {
  readonly document: JsonObject;
  readonly jobs: Map<string, JsonObject>;
}

/** The dnx commands in the jobs of a GitLab pipeline. Hidden jobs (`.name`) count only if another job extends or references them. */
export function readGitlab(document: unknown): Script {
  if (!isObject(document)) return { found: [], unclear: [] };
  const pipeline: Pipeline = { document, jobs: new Map() };
  const names = Object.keys(document).filter((name) => !name.startsWith('.') && !reserved.includes(name) && isObject(document[name]));
  const scripts = names.map((name) => readJob(name, pipeline));
  const included = document.include === undefined ? [] : [elsewhere('include', document.include)];
  return { found: scripts.flatMap(({ found }) => found), unclear: [...included, ...scripts.flatMap(({ unclear }) => unclear)] };
}

function readJob(name: string, pipeline: Pipeline): Script {
  const { document } = pipeline;
  const job = jobNamed(name, pipeline);
  const found: ScriptCommand[] = [];
  const unclear: Unclear[] = [];
  const env = { ...variablesOf(document), ...variablesOf(job) };
  const inherits = !(isObject(job.inherit) && job.inherit.default === false);
  const lines = (section: Section): readonly string[] => {
    const shared = isObject(document.default) ? document.default[section] : undefined;
    const all = linesOf(job[section] ?? (inherits ? (shared ?? document[section]) : undefined), pipeline);
    if (!all) unclear.push({ text: `${name}: ${section}`, line: 1, why: 'its references are circular' });
    return all ?? [];
  };
  // before_script and script share a shell; after_script has its own.
  for (const part of [[...lines('before_script'), ...lines('script')], lines('after_script')]) {
    const script = readShell(part.join('\n'), env);
    found.push(...script.found);
    unclear.push(...script.unclear);
  }
  if (isObject(job.trigger) && job.trigger.include !== undefined) unclear.push(elsewhere('trigger', job.trigger.include));
  return { found, unclear };
}

const elsewhere = (key: string, value: unknown): Unclear => ({
  text: `${key}: ${typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY })}`,
  line: 1,
  why: 'included files are not read',
});

/** A job merged over the jobs it extends. Variables are merged; lists are replaced. */
function jobNamed(name: string, pipeline: Pipeline): JsonObject {
  const known = pipeline.jobs.get(name);
  if (known) return known;
  // Ends the recursion of a job that extends itself.
  pipeline.jobs.set(name, {});
  const job = own(pipeline.document, name);
  if (!isObject(job)) return {};
  const bases = [job.extends].flat().filter((each) => typeof each === 'string');
  const layers = [...bases.map((base) => jobNamed(base, pipeline)), job];
  const variables = Object.assign({}, ...layers.map((each) => mapIn(each.variables)));
  const whole: JsonObject = Object.assign({}, ...layers, { variables });
  pipeline.jobs.set(name, whole);
  return whole;
}

const mapIn = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The variables with a literal value. */
const variablesOf = ({ variables }: JsonObject): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(mapIn(variables)).flatMap(([name, each]) => {
      const value = isObject(each) ? each.value : each;
      return ['string', 'number', 'boolean'].includes(typeof value) && !String(value).includes('$') ? [[name, String(value)]] : [];
    }),
  );

/** The lines of a script, with nested lists and references resolved. Undefined if these are circular. */
function linesOf(script: unknown, pipeline: Pipeline): readonly string[] | undefined {
  const lines: string[] = [];
  // A stack: the next item is the last.
  const left: unknown[] = [script];
  for (let steps = 0; left.length > 0; steps++) {
    if (steps > MOST_STEPS) return undefined;
    const value = left.pop();
    const [name, ...keys] = referenceIn(value) ?? [];
    if (typeof value === 'string') lines.push(value);
    else if (Array.isArray(value)) left.push(...value.toReversed());
    else if (name !== undefined)
      left.push(keys.reduce<unknown>((at, key) => (isObject(at) ? own(at, key) : undefined), jobNamed(name, pipeline)));
  }
  return lines;
}
