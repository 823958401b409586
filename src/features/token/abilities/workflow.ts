import { basename } from 'node:path';
import { isObject } from '../../../base/json.ts';
import { readPipelines } from '../../../base/yaml.ts';
import { readGitlab } from './gitlab.ts';
import { mentions, readShell, type Script, type ScriptCommand, type Unclear } from './script.ts';

type Env = Readonly<Record<string, string>>;

/** Finds the dnx commands in a CI file. In other YAML files, lines that mention dnx are unclear. */
export function readWorkflow(text: string, name: string): Script {
  const documents = readPipelines(text, name);
  const isGithub = documents.some((each) => isObject(each) && (isObject(each.jobs) || isObject(each.runs)));
  const scripts = documents.map(isGithub && !/gitlab/i.test(basename(name)) ? readGithub : readGitlab);
  const script = { found: scripts.flatMap(({ found }) => found), unclear: scripts.flatMap(({ unclear }) => unclear) };
  return script.found.length + script.unclear.length > 0 ? script : { found: [], unclear: mentions(text) };
}

/** The dnx commands in the `run` steps of a GitHub workflow, or of a composite action. Lines count within their step. */
function readGithub(document: unknown): Script {
  const found: ScriptCommand[] = [];
  const unclear: Unclear[] = [];
  const top = envOf(document);
  for (const job of [...Object.values(child(document, 'jobs')), child(document, 'runs')]) {
    const jobEnv = { ...top, ...envOf(job) };
    const steps = isObject(job) && Array.isArray(job.steps) ? job.steps : [];
    for (const step of steps) {
      if (!isObject(step)) continue;
      if (typeof step.uses === 'string' && step.uses.startsWith('./'))
        unclear.push({ text: `uses: ${step.uses}`, line: 1, why: 'local actions are not read' });
      if (typeof step.run !== 'string') continue;
      const script = readShell(step.run, { ...jobEnv, ...envOf(step) });
      found.push(...script.found);
      unclear.push(...script.unclear);
    }
    if (isObject(job) && typeof job.uses === 'string')
      unclear.push({ text: `uses: ${job.uses}`, line: 1, why: 'reusable workflows are not read' });
  }
  return { found, unclear };
}

const child = (value: unknown, key: string): Record<string, unknown> => {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : {};
};

/** The variables of `env` with a literal value. */
const envOf = (value: unknown): Env =>
  Object.fromEntries(
    Object.entries(child(value, 'env')).flatMap(([name, each]) =>
      ['string', 'number', 'boolean'].includes(typeof each) && !String(each).includes('${{') ? [[name, String(each)]] : [],
    ),
  );
