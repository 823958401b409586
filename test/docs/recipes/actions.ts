import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { type Context, fill, filled, holds } from './expressions.ts';
import type { Hub, Permissions } from './hub.ts';

type Texts = Readonly<Record<string, string>>;

/** A step of a job. */
export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Texts;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Texts;
}

interface Job {
  readonly if?: string;
  readonly permissions?: Permissions;
  readonly environment?: string | { readonly name: string; readonly url: string };
  readonly env?: Texts;
  readonly uses?: string;
  readonly with?: Texts;
  readonly secrets?: Texts;
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, { readonly branches?: readonly string[] } | null>>;
  readonly permissions?: Permissions;
  readonly env?: Texts;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A repository with a workflow, and the machines that run it. */
export interface Repository {
  readonly hub: Hub;
  /** Where each job gets a folder. */
  readonly directory: string;
  /** What a checkout brings. */
  readonly files: string;
  readonly isPrivate: boolean;
  readonly secrets: Texts;
  /** The secrets of each environment. */
  readonly environments: Readonly<Record<string, Texts>>;
  /** The environment of the runner, with dnx on its PATH. */
  readonly env: Texts & { readonly PATH: string };
}

/** What starts a workflow. */
export interface Event {
  readonly name: 'push' | 'pull_request' | 'pull_request_target' | 'schedule';
  readonly sha: string;
  /** The payload. A pull request has its number and head. */
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly isFork?: boolean;
  /** Who started it (default Ada). */
  readonly actor?: string;
}

/** How a job ended, with the name and the output of each step that ran. */
export interface Ended {
  readonly result: 'success' | 'failure' | 'skipped';
  readonly steps: readonly { readonly name: string; readonly failed: boolean; readonly output: string }[];
  readonly summary: string;
  /** Of its environment. */
  readonly url?: string;
}

const NAME = 'example/shop';
/** What a workflow without permissions gets in a new repository. */
const DEFAULT: Permissions = { contents: 'read', packages: 'read' };
/** Keys that mean nothing to these jobs, or are modeled below. */
const KNOWN = {
  workflow: ['name', 'on', 'permissions', 'concurrency', 'env', 'jobs'],
  job: 'if permissions environment env uses with secrets steps runs-on timeout-minutes concurrency'.split(' '),
  step: ['id', 'name', 'if', 'uses', 'with', 'run', 'shell', 'env'],
};

/** Throws for what this runner does not do. */
function checkKeys(what: keyof typeof KNOWN, value: object): void {
  for (const key of Object.keys(value))
    if (!KNOWN[what].includes(key)) throw new Error(`The runner of recipes does not know '${key}' of a ${what}.`);
}

function read(file: string): Workflow {
  const workflow: Workflow = parse(readFileSync(file, 'utf8'));
  checkKeys('workflow', workflow);
  for (const job of Object.values(workflow.jobs)) {
    checkKeys('job', job);
    for (const step of job.steps ?? []) checkKeys('step', step);
  }
  return workflow;
}

/** Runs the jobs of a workflow that an event starts, by their names; none if it starts nothing. */
export async function runWorkflow(file: string, event: Event, repository: Repository): Promise<Readonly<Record<string, Ended>>> {
  const workflow = read(file);
  const trigger = workflow.on[event.name];
  if (trigger === undefined || (event.name === 'push' && !trigger?.branches?.includes('main'))) return {};
  const secrets = isRestricted(event) ? {} : repository.secrets;
  const scope = { event, repository, inputs: {}, secrets, env: workflow.env ?? {} };
  const ended: Record<string, Ended> = {};
  for (const [name, job] of Object.entries(workflow.jobs)) {
    const permissions = job.permissions ?? workflow.permissions ?? DEFAULT;
    if (job.uses === undefined) ended[name] = await runJob(job, permissions, scope);
    else for (const [inner, each] of Object.entries(await runCalled(job, permissions, scope))) ended[`${name} / ${inner}`] = each;
  }
  return ended;
}

/** A fork gets no secrets, and may only read, unless the workflow is that of the default branch. */
const isRestricted = ({ name, isFork }: Event): boolean => isFork === true && name === 'pull_request';

interface Scope {
  readonly event: Event;
  readonly repository: Repository;
  readonly inputs: Texts;
  readonly secrets: Texts;
  readonly env: Texts;
}

/** Runs the jobs of a reusable workflow of this repository. */
async function runCalled(caller: Job, allowed: Permissions, scope: Scope): Promise<Record<string, Ended>> {
  const [, path = ''] = /^deploynix\/dnx\/(\.github\/workflows\/\w+\.yml)@v0$/.exec(caller.uses ?? '') ?? [];
  if (path === '') throw new Error(`The runner of recipes does not know the workflow ${caller.uses}.`);
  const { on, permissions, jobs } = read(path);
  const { inputs = {}, secrets = {} } = on.workflow_call as Readonly<Record<string, Readonly<Record<string, Declared>>>>;
  const context = contextOf(scope);
  const called: Scope = {
    ...scope,
    env: {},
    inputs: passed('input', inputs, filled(caller.with, context)),
    secrets: passed('secret', secrets, filled(caller.secrets, context)),
  };
  const ended: Record<string, Ended> = {};
  for (const [name, job] of Object.entries(jobs)) {
    const asked = job.permissions ?? permissions ?? {};
    for (const [permission, access] of Object.entries(asked))
      if (allowed[permission] !== access && allowed[permission] !== 'write')
        throw new Error(`The job ${name} asks for ${permission}: ${access}, which its caller does not allow.`);
  }
  for (const [name, job] of Object.entries(jobs)) ended[name] = await runJob(job, job.permissions ?? permissions ?? {}, called);
  return ended;
}

interface Declared {
  readonly required?: boolean;
  readonly default?: string;
}

/** What a caller gives to each input or secret that a workflow declares. */
function passed(what: string, declared: Readonly<Record<string, Declared>>, values: Texts): Texts {
  for (const name of Object.keys(values)) if (!Object.hasOwn(declared, name)) throw new Error(`There is no ${what} ${name}.`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, { required, default: usual = '' }]) => {
      if (required && values[name] === undefined) throw new Error(`The ${what} ${name} is missing.`);
      return [name, values[name] ?? usual];
    }),
  );
}

function contextOf({ event, repository, inputs, secrets }: Scope, token = ''): Context {
  const payload = { repository: { full_name: NAME, default_branch: 'main' }, ...event.payload };
  const { name: event_name, sha, actor = 'ada' } = event;
  const github = { token, repository: NAME, event_name, sha, actor, ref_name: 'main', event: payload };
  return { github, inputs, secrets, env: {}, steps: {}, runner: { temp: join(repository.directory, 'temp') } };
}

async function runJob(job: Job, permissions: Permissions, scope: Scope): Promise<Ended> {
  const { repository, event } = scope;
  const restricted = isRestricted(event);
  const granted = restricted ? Object.fromEntries(Object.keys(permissions).map((name) => [name, 'read'])) : permissions;
  const declared = typeof job.environment === 'string' ? job.environment : job.environment?.name;
  const environment = declared && fill(declared, contextOf(scope));
  // The secret of an environment wins over one that was passed.
  const secrets = { ...scope.secrets, ...(environment && !restricted && repository.environments[environment]) };
  const context = { ...contextOf({ ...scope, secrets }, repository.hub.tokenOf(granted)), steps: {} as Record<string, unknown> };
  const none = { failed: false, exists: () => false };
  if (!holds(job.if, context, none)) return { result: 'skipped', steps: [], summary: '' };
  const env = { ...scope.env, ...filled(job.env, context) };
  const machine = startMachine(repository, event, granted, env);
  const current = { ...context, env, runner: { temp: machine.env.RUNNER_TEMP } };
  const steps: { name: string; failed: boolean; output: string }[] = [];
  for (const step of job.steps ?? []) {
    const failed = steps.some((each) => each.failed);
    if (!holds(step.if, current, { failed, exists: (name) => existsSync(join(machine.workspace, name)) })) continue;
    const { exitCode, output } = step.uses === undefined ? await runScript(step, machine, current) : useAction(step, machine, current);
    steps.push({ name: step.name ?? step.uses ?? step.run?.trim() ?? '', failed: exitCode !== 0, output });
    const outcome = exitCode === 0 ? 'success' : 'failure';
    if (step.id !== undefined) current.steps[step.id] = { outcome, conclusion: outcome, outputs: variablesIn(machine.files.GITHUB_OUTPUT) };
    Object.assign(machine.env, variablesIn(machine.files.GITHUB_ENV));
    for (const folder of readFileSync(machine.files.GITHUB_PATH, 'utf8').split('\n').filter(Boolean))
      machine.env.PATH = `${folder}:${machine.env.PATH}`;
    for (const name of ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH'] as const) writeFileSync(machine.files[name], '');
  }
  const url = typeof job.environment === 'object' ? fill(job.environment.url, current) : undefined;
  const summary = readFileSync(machine.files.GITHUB_STEP_SUMMARY, 'utf8');
  return { result: steps.some(({ failed }) => failed) ? 'failure' : 'success', steps, summary, ...(url && { url }) };
}

type Machine = ReturnType<typeof startMachine>;

/** A new virtual machine. */
function startMachine(repository: Repository, event: Event, permissions: Permissions, env: Texts) {
  const home = mkdtempSync(join(repository.directory, 'job-'));
  const [workspace, temp] = [join(home, 'workspace'), join(home, 'temp')];
  for (const folder of [workspace, temp]) mkdirSync(folder);
  const names = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'] as const;
  const files = Object.fromEntries(names.map((name) => [name, join(home, name)])) as Record<(typeof names)[number], string>;
  for (const file of Object.values(files)) writeFileSync(file, '');
  const { head } = (event.payload?.pull_request ?? {}) as { readonly head?: { readonly ref?: string } };
  const github = {
    ...{ GITHUB_ACTIONS: 'true', GITHUB_SHA: event.sha, GITHUB_WORKSPACE: workspace, GITHUB_REPOSITORY: NAME },
    GITHUB_HEAD_REF: head?.ref ?? '',
  };
  const machineEnv: Record<string, string> & { PATH: string; RUNNER_TEMP: string } = {
    ...repository.env,
    ...github,
    ...files,
    CI: 'true',
    HOME: home,
    RUNNER_TEMP: temp,
    ...env,
    // Only the action brings dnx.
    PATH: `${repository.hub.bin}:${systemPath()}`,
  };
  return { repository, event, permissions, workspace, files, env: machineEnv };
}

/** The programs of this machine, without a dnx that somebody installed. */
const systemPath = (): string =>
  (process.env.PATH ?? '')
    .split(':')
    .filter((folder) => !existsSync(join(folder, 'dnx')))
    .join(':');

async function runScript(step: Step, machine: Machine, context: Context): Promise<{ exitCode: number | undefined; output: string }> {
  const script = join(machine.env.RUNNER_TEMP, 'step.sh');
  writeFileSync(script, fill(step.run, context));
  if (step.shell !== undefined && step.shell !== 'bash') throw new Error(`The runner of recipes does not know the shell ${step.shell}.`);
  const options = step.shell === 'bash' ? ['--noprofile', '--norc', '-eo', 'pipefail'] : ['-e'];
  const env = { ...machine.env, ...filled(step.env, context) };
  const { exitCode, all } = await execa('bash', [...options, script], {
    cwd: machine.workspace,
    env,
    extendEnv: false,
    reject: false,
    all: true,
  });
  return { exitCode, output: all };
}

/** `NAME=value`, and `NAME<<END` with lines up to END. */
const variablesIn = (file: string): Record<string, string> =>
  Object.fromEntries(
    [...readFileSync(file, 'utf8').matchAll(/^(\w+)(?:=(.*)|<<(.+)\n([\s\S]*?)\n\3)$/gm)].map(([, name = '', one, , many]) => [
      name,
      one ?? many ?? '',
    ]),
  );

/** Does what an action does, with its permissions. */
function useAction({ uses = '', with: inputs }: Step, machine: Machine, context: Context): { exitCode: number; output: string } {
  const action = actions[uses.split('@')[0] ?? ''];
  if (!action) throw new Error(`The runner of recipes does not know the action ${uses}.`);
  const message = action(machine, filled(inputs, context));
  return { exitCode: message === undefined ? 0 : 1, output: message ?? '' };
}

/** Each returns why it fails. */
const actions: Readonly<Record<string, (machine: Machine, inputs: Texts) => string | undefined>> = {
  'actions/checkout'({ repository, permissions, workspace }, { 'fetch-depth': depth = '1', ref }) {
    if (repository.isPrivate && permissions.contents === undefined) return 'remote: Repository not found.';
    if (!existsSync(join(repository.files, '.git'))) {
      cpSync(repository.files, workspace, { recursive: true });
      return undefined;
    }
    const remote = `https://github.com/${NAME}`;
    const options = [...(depth === '0' ? [] : ['--depth', depth]), ...(ref === undefined ? [] : ['--branch', ref])];
    const instead = `url.file://${repository.files}.insteadOf=${remote}`;
    execFileSync('git', ['clone', '--quiet', '--config', instead, ...options, remote, workspace]);
    return undefined;
  },
  'deploynix/dnx'({ repository, files }, inputs) {
    const declared = Object.keys(parse(readFileSync('action.yml', 'utf8')).inputs);
    const unknown = Object.keys(inputs).filter((name) => !declared.includes(name));
    if (unknown.length > 0) throw new Error(`The action has no input ${unknown.join(', ')}.`);
    writeFileSync(files.GITHUB_PATH, `${repository.env.PATH.split(':')[0]}\n`);
    return undefined;
  },
  'actions/upload-artifact'({ repository, event }, { name = '', path = '' }) {
    if (!existsSync(path)) return `No files were found with the provided path: ${path}`;
    repository.hub.store({ name, run: repository.hub.artifacts.length + 1, isFork: event.isFork === true }, path);
    return undefined;
  },
  'github/codeql-action/upload-sarif'({ repository, permissions, workspace }, { sarif_file: file = '' }) {
    if (permissions['security-events'] !== 'write' || (repository.isPrivate && permissions.actions === undefined))
      return 'Resource not accessible by integration';
    const text = readFileSync(resolve(workspace, file), 'utf8');
    if (text === '') return `Invalid SARIF. ${basename(file)} is empty.`;
    repository.hub.reports.push(text);
    return undefined;
  },
};
