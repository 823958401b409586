import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, parseAllDocuments } from 'yaml';
import { find } from '../../support/programs.ts';
import { dotenvIn } from '../../support/reported.ts';

type Texts = Readonly<Record<string, string>>;

interface Job {
  readonly extends?: string;
  readonly image?: string | { readonly name: string; readonly entrypoint: readonly string[] };
  readonly rules?: readonly { readonly if: string }[];
  readonly variables?: Texts;
  readonly script: readonly string[];
  readonly environment?: string | { readonly name: string; readonly url: string };
  readonly needs?: readonly string[];
  readonly artifacts?: {
    readonly paths?: readonly string[];
    readonly reports?: Readonly<Partial<Record<'junit' | 'dotenv', string>>>;
    readonly when?: string;
  };
}

interface Include {
  readonly remote: string;
  readonly inputs: Texts;
}

interface Header {
  readonly spec: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
}

/** A project, and the machines that run its jobs. */
export interface Project {
  /** Where each job gets a folder. */
  readonly directory: string;
  /** What the clone has. */
  readonly files: string;
  /** The variables of its settings, which win over those of a job. */
  readonly variables: Texts;
  /** Those that GitLab sets for this pipeline. */
  readonly predefined: Texts;
  /** The environment of the runner, with dnx first on its PATH. */
  readonly env: Texts & { readonly PATH: string };
}

/** How a job ended. */
export interface Ended {
  readonly exitCode: number | undefined;
  readonly output: string;
  /** The folder with the files that it keeps. */
  readonly artifacts: string;
  /** What its `dotenv` report has for the jobs that need it. */
  readonly variables: Texts;
  /** That of its environment. */
  readonly url?: string;
}

/** What these images have besides the usual programs of Debian. */
const images: Readonly<Record<string, readonly string[]>> = {
  'node:22': ['node', 'npm', 'curl', 'git', 'unzip'],
  'deploynix/dnx:0.2.0': ['dnx', 'git'],
};
const usual = ['bash', 'sh', 'cat', 'mkdir', 'rm', 'sed', 'grep', 'tee', 'dirname', 'basename', 'env', 'uname'];
const KNOWN = ['extends', 'image', 'rules', 'variables', 'script', 'artifacts', 'resource_group', 'environment', 'needs'];
/** Where the recipes include this repository from. */
const REMOTE = 'https://raw.githubusercontent.com/deploynix/dnx/v0/';

/** Runs the jobs of a pipeline whose rules say so, by their names. */
export async function runPipeline(file: string, project: Project): Promise<Readonly<Record<string, Ended>>> {
  const { include = [], ...jobs } = parse(readFileSync(file, 'utf8'));
  for (const each of include as readonly Include[]) Object.assign(jobs, included(each));
  const ended: Record<string, Ended> = {};
  for (const [name, own] of Object.entries<Job>(jobs)) {
    if (name.startsWith('.')) continue;
    const job: Job = { ...(own.extends !== undefined && jobs[own.extends]), ...own };
    const unknown = Object.keys(job).filter((key) => !KNOWN.includes(key));
    if (unknown.length > 0) throw new Error(`The runner of recipes does not know ${unknown.join(', ')} of a job.`);
    const needed = Object.assign({}, ...(job.needs ?? []).map((need) => ended[need]?.variables));
    const variables = { ...project.predefined, ...job.variables, ...needed, ...project.variables };
    if (job.rules === undefined || job.rules.some((rule) => holds(rule.if, variables))) ended[name] = await runJob(job, variables, project);
  }
  return ended;
}

/** The jobs of a component of this repository, with its inputs. */
function included({ remote, inputs }: Include): Readonly<Record<string, Job>> {
  if (!remote.startsWith(REMOTE)) throw new Error(`The runner of recipes does not know ${remote}.`);
  const text = readFileSync(remote.slice(REMOTE.length), 'utf8');
  const [header] = parseAllDocuments(text);
  const { spec }: Header = header?.toJS() ?? { spec: { inputs: {} } };
  for (const name of Object.keys(inputs)) if (!Object.hasOwn(spec.inputs, name)) throw new Error(`The component has no input ${name}.`);
  const filled = text.replace(/\$\[\[ inputs\.([\w-]+) \]\]/g, (_, name: string) => {
    const value = inputs[name] ?? spec.inputs[name]?.default;
    if (value === undefined) throw new Error(`The component has no value for the input ${name}.`);
    return value;
  });
  return parseAllDocuments(filled)[1]?.toJS();
}

/** A rule: comparisons of variables and texts with `&&` between them. */
const holds = (rule: string, variables: Texts): boolean =>
  rule.split(' && ').every((comparison) => {
    const [, left = '', right = ''] = /^(\S+) == (\S+)$/.exec(comparison) ?? [];
    if (left === '') throw new Error(`The runner of recipes does not know the rule ${comparison}.`);
    const [one, other] = [left, right].map((word) => (word.startsWith('$') ? (variables[word.slice(1)] ?? null) : word.slice(1, -1)));
    return one === other;
  });

async function runJob(job: Job, variables: Texts, project: Project): Promise<Ended> {
  const home = mkdtempSync(join(project.directory, 'job-'));
  const [clone, bin, artifacts] = [join(home, 'clone'), join(home, 'bin'), join(home, 'artifacts')];
  for (const folder of [bin, artifacts]) mkdirSync(folder);
  cpSync(project.files, clone, { recursive: true });
  install(job.image, bin, project);
  const script = ['set -eo pipefail', ...job.script].join('\n');
  const env = { ...project.env, ...variables, CI: 'true', GITLAB_CI: 'true', HOME: home, PATH: bin };
  const { exitCode, all: output } = await execa('bash', ['-c', script], { cwd: clone, env, extendEnv: false, reject: false, all: true });
  const { paths = [], reports, when = 'on_success' } = job.artifacts ?? {};
  for (const path of exitCode === 0 || when === 'always' ? [...paths, ...Object.values(reports ?? {})] : [])
    if (existsSync(join(clone, path))) cpSync(join(clone, path), join(artifacts, path), { recursive: true });
  const dotenv = join(artifacts, reports?.dotenv ?? '');
  const reported = reports?.dotenv !== undefined && existsSync(dotenv) ? dotenvIn(readFileSync(dotenv, 'utf8')) : {};
  const url = typeof job.environment === 'object' ? job.environment.url.replace(/\$(\w+)/g, (_, name) => reported[name] ?? '') : undefined;
  return { exitCode, output, artifacts, variables: reported, ...(url && { url }) };
}

/** Puts the programs of an image into a folder. Those that are missing there are missing for the script. */
function install(image: Job['image'], bin: string, { env }: Project): void {
  const name = typeof image === 'object' ? image.name : image;
  const programs = images[name ?? ''];
  if (programs === undefined) throw new Error(`The runner of recipes does not know the image ${name}.`);
  if (name?.startsWith('deploynix/') && (typeof image !== 'object' || image.entrypoint.join() !== ''))
    throw new Error('The entry point of the image would run the script.');
  const dnx = join(env.PATH.split(':')[0] ?? '', 'dnx');
  for (const program of [...usual, ...programs]) {
    if (program === 'npm') {
      const npm = `#!/bin/bash\n[[ "$*" =~ ^install\\ --global\\ deploynix-cli(@latest)?$ ]] || exit 1\n'${find('ln')}' -s '${dnx}' '${bin}/dnx'\n`;
      writeFileSync(join(bin, program), npm, { mode: 0o755 });
    } else symlinkSync(program === 'dnx' ? dnx : program === 'node' ? process.execPath : (find(program) ?? program), join(bin, program));
  }
}
