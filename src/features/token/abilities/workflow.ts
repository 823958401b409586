import { basename } from 'node:path';
import { inspect } from 'node:util';
import { isObject, type JsonObject } from '../../../base/json.ts';
import { readPipelines } from '../../../base/yaml.ts';
import { mentions, readShell, type Script, type UnclearLine } from './script.ts';

type Env = Readonly<Record<string, string>>;

/** Finds the dnx commands in a CI file. In other YAML files, lines that mention dnx are unclear. */
export function readWorkflow(text: string, name: string): Script {
  const documents = readPipelines(text, name).filter(isObject);
  const isGithub = documents.some((document) => isObject(document.jobs) || isObject(document.runs));
  const script = joined(documents.map(isGithub && !/gitlab/i.test(basename(name)) ? readGithub : readGitlab));
  return script.found.length + script.unclear.length > 0 ? script : { found: [], unclear: mentions(text) };
}

const joined = (scripts: readonly Script[]): Script => ({
  found: scripts.flatMap(({ found }) => found),
  unclear: scripts.flatMap(({ unclear }) => unclear),
});

/** The dnx commands in the `run` steps of a GitHub workflow, or of a composite action. Lines count within their step. */
function readGithub(document: JsonObject): Script {
  const top = literals(document.env);
  const jobs = [...Object.values(objectIn(document.jobs)), document.runs].filter(isObject);
  return joined(
    jobs.flatMap((job) => {
      const env = { ...top, ...literals(job.env) };
      const steps = Array.isArray(job.steps) ? job.steps.filter(isObject) : [];
      const scripts = steps.map((step): Script => {
        const isLocal = typeof step.uses === 'string' && step.uses.startsWith('./');
        const unclear = isLocal ? [skipped('uses', step.uses, 'local actions are not read')] : [];
        const { run } = step;
        return joined([{ found: [], unclear }, ...(typeof run === 'string' ? [readShell(run, { ...env, ...literals(step.env) })] : [])]);
      });
      const reused = typeof job.uses === 'string' ? [skipped('uses', job.uses, 'reusable workflows are not read')] : [];
      return [...scripts, { found: [], unclear: reused }];
    }),
  );
}

/**
 * The dnx commands in the `script` lists of a GitLab pipeline. What jobs share, hidden jobs and `default`, is read once, where it stands:
 * `extends` and `!reference` can add nothing to it, unless they name another file.
 */
function readGitlab(document: JsonObject): Script {
  const top = literals(document.variables);
  const places = [document, ...Object.values(document).filter(isObject)];
  const elsewhere = places.flatMap(({ include, trigger }) => [
    ...(include === undefined ? [] : [skipped('include', include, NOT_READ)]),
    ...(isObject(trigger) && trigger.include !== undefined ? [skipped('trigger', trigger.include, NOT_READ)] : []),
  ]);
  const scripts = places.flatMap((place) => {
    const env = { ...top, ...literals(place.variables) };
    const lines = (key: string) => [place[key]].flat(DEEPEST).filter((line) => typeof line === 'string');
    // before_script and script share a shell; after_script has its own.
    return [[...lines('before_script'), ...lines('script')], lines('after_script')].map((part) => readShell(part.join('\n'), env));
  });
  return joined([...scripts, { found: [], unclear: elsewhere }]);
}

const NOT_READ = 'included files are not read';
/** How deep the lists of a script may be nested, as aliases do. */
const DEEPEST = 3;

const skipped = (key: string, value: unknown, why: string): UnclearLine => ({
  text: `${key}: ${typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY })}`,
  line: 1,
  why,
});

const objectIn = (value: unknown): JsonObject => (isObject(value) ? value : {});

const literals = (variables: unknown): Env =>
  Object.fromEntries(
    Object.entries(objectIn(variables)).flatMap(([name, entry]) => {
      const value = isObject(entry) ? entry.value : entry;
      return ['string', 'number', 'boolean'].includes(typeof value) && !/\$/.test(String(value)) ? [[name, String(value)]] : [];
    }),
  );
