import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { execa } from 'execa';
import { parse } from 'yaml';

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly with?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly needs?: string | readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly include: readonly Row[] } };
  readonly defaults?: { readonly run: { readonly shell: string } };
  readonly container?: unknown;
  readonly steps: readonly Step[];
}

/** The values of a row of a matrix. */
export type Row = Readonly<Record<string, string>>;

/** What stands in for GitHub's runners. */
interface Runner {
  /** An empty directory. */
  readonly directory: string;
  /** The repository that `actions/checkout` clones, which may be pushed to. */
  readonly origin: string;
  readonly env: Readonly<Record<string, string>>;
  readonly github: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Rows of a matrix that this machine can run. */
  readonly rows: (row: Row) => boolean;
  /** Text of scripts that this machine cannot run, and what it runs instead. */
  readonly instead: Readonly<Record<string, string>>;
  /** What people do before they let a job of an environment run, who read the summaries of the jobs before it. */
  readonly review: Readonly<Record<string, (summaries: Readonly<Record<string, string>>) => Promise<void>>>;
}

/** What a workflow did. */
export interface Ran {
  /** `build`, `smoke script`, in order. */
  readonly jobs: readonly string[];
  /** Actions that need GitHub or Docker, which were left out, with their inputs. */
  readonly left: readonly { readonly action: string; readonly with: Readonly<Record<string, string>> }[];
}

/** Runs the scripts of every job of a workflow in order, with artifacts and outputs. Throws if one fails. */
export async function runWorkflow(file: string, runner: Runner): Promise<Ran> {
  const { jobs } = parse(readFileSync(file, 'utf8')) as { jobs: Readonly<Record<string, Job>> };
  const needs: Record<string, { outputs: Record<string, string> }> = {};
  const done: string[] = [];
  const left: { action: string; with: Row }[] = [];
  const summaries: Record<string, string> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const missing = [job.needs ?? []].flat().filter((each) => !Object.hasOwn(needs, each));
    if (missing.length > 0) throw new Error(`The job ${name} stands before ${missing.join(', ')}, which it needs.`);
    for (const matrix of job.strategy?.matrix.include.filter(runner.rows) ?? [{}]) {
      const context = { needs, matrix, github: runner.github, secrets: runner.secrets, steps: {} };
      if (job.if !== undefined && !evaluated(job.if, context)) continue;
      await runner.review[job.environment ?? '']?.(summaries);
      const outputs = await runJob(name, job, { ...runner, context, left, summaries });
      needs[name] = { outputs };
      done.push([name, matrix.channel].filter(Boolean).join(' '));
    }
  }
  return { jobs: done, left };
}

interface Running extends Runner {
  readonly context: Record<string, unknown> & { readonly matrix: Row };
  readonly left: { action: string; with: Row }[];
  readonly summaries: Record<string, string>;
}

async function runJob(name: string, job: Job, runner: Running): Promise<Record<string, string>> {
  const home = join(runner.directory, [name, runner.context.matrix.channel].filter(Boolean).join('-'));
  const workspace = join(home, 'workspace');
  const temp = join(home, 'temp');
  for (const each of [workspace, temp]) mkdirSync(each, { recursive: true });
  const steps: Record<string, { outputs: Record<string, string> }> = {};
  const context = { ...runner.context, steps, runner: { temp }, env: {} };
  const filled = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fill(String(value), context)]));
  const own = filled(job.env);
  const base = { ...runner.env, HOME: home, RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace, ...own };
  context.env = own;
  const summary = join(temp, 'summary');
  writeFileSync(summary, '');
  // npm has its registry, and a token for it.
  cpSync(join(runner.env.HOME ?? '', '.npmrc'), join(home, '.npmrc'));
  for (const step of job.steps) {
    if (step.if !== undefined && !evaluated(step.if, context)) continue;
    if (step.uses !== undefined) await act(step.uses.split('@', 1)[0] ?? '', filled(step.with), workspace, runner);
    if (step.id !== undefined) steps[step.id] = { outputs: {} };
    if (step.run === undefined) continue;
    const output = join(temp, 'output');
    writeFileSync(output, '');
    const run = Object.entries(runner.instead).reduce((text, [from, to]) => text.replace(from, to), step.run);
    const shell = fill(step.shell ?? job.defaults?.run.shell ?? (job.container ? 'sh' : 'bash'), context);
    const args = shell === 'sh' ? ['-e'] : ['--noprofile', '--norc', '-eo', 'pipefail'];
    const script = join(temp, 'step.sh');
    writeFileSync(script, run);
    const env = { ...base, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary, ...filled(step.env) };
    const { exitCode, all } = await execa(shell, [...args, script], { cwd: workspace, env, extendEnv: false, reject: false, all: true });
    if (exitCode !== 0) throw new Error(`The job ${name} ended with ${exitCode} in:\n${run}\n${all}`);
    if (step.id !== undefined) steps[step.id] = { outputs: outputsIn(readFileSync(output, 'utf8')) };
  }
  runner.summaries[name] = readFileSync(summary, 'utf8');
  return filled(job.outputs);
}

/** `NAME=value`, and `NAME<<END` with lines up to END. */
const outputsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/^(\w+)(?:=(.*)|<<END\n([\s\S]*?)\nEND)$/gm)].map(([, name = '', one, many]) => [name, one ?? many ?? '']),
  );

/** Does what an action does, if that takes neither GitHub nor Docker. */
async function act(action: string, inputs: Row, workspace: string, runner: Running): Promise<void> {
  const artifacts = join(runner.directory, 'artifacts');
  if (action === 'actions/checkout') {
    const branch = inputs.ref ?? runner.env.GITHUB_REF_NAME ?? '';
    await execa('git', ['clone', '--quiet', '--branch', branch, runner.origin, workspace]);
  } else if (action === 'actions/upload-artifact') {
    const paths = (inputs.path ?? '').trim().split('\n');
    await linkFiles(
      paths.map((path) => join(workspace, path)),
      join(artifacts, inputs.name ?? ''),
    );
  } else if (action === 'actions/download-artifact') {
    const to = join(inputs.path?.startsWith('/') ? '' : workspace, inputs.path ?? '');
    await linkFiles([`${join(artifacts, inputs.name ?? '')}/.`], to);
  } else {
    runner.left.push({ action, with: inputs });
  }
}

/** Copies hundreds of megabytes without their content. */
async function linkFiles(from: readonly string[], to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  await execa('cp', ['-rl', ...from.map((path) => path.replace(/\/$/, '')), `${to}/`]);
}

const fill = (text: string, context: object): string =>
  text.replace(/\$\{\{ (.*?) \}\}/g, (_, each) => String(evaluated(each, context) ?? ''));

/** The operators of an expression are those of JavaScript. */
const evaluated = (expression: string, context: object): unknown => runInNewContext(expression, { ...context });
