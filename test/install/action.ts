import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';
import { parse } from 'yaml';
import { userEnvironment } from './environment.ts';
import { folderOf } from './nodes.ts';

/** What a run of the action did. */
export interface Done {
  readonly exitCode: number | undefined;
  readonly output: string;
  /** The folders that it added to PATH. */
  readonly path: string;
  readonly outputs: string;
}

/** Runs the steps of action.yml as a runner on Linux does, with Node 24 and a registry on loopback that has the packed tarball. */
export async function runAction(inputs: Readonly<Record<string, string>>, PATH?: string): Promise<Done> {
  const directory = mkdtempSync(join(inject('home'), 'runner-'));
  const files = { GITHUB_PATH: join(directory, 'path'), GITHUB_OUTPUT: join(directory, 'output') };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const inherited = userEnvironment(inject('home'));
  const base = {
    ...inherited,
    ...files,
    PATH: PATH ?? `${folderOf('24')}:${inherited.PATH}`,
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: directory,
    npm_config_registry: inject('registry'),
  };
  const { inputs: declared, runs } = parse(readFileSync('action.yml', 'utf8'));
  const value = (name: string): string => {
    if (name === 'github.action_path') return resolve('.');
    const input = /^inputs\.(\w+)$/.exec(name)?.[1] ?? '';
    if (!Object.hasOwn(declared, input)) throw new Error(`action.yml uses the unknown value ${name}`);
    return inputs[input] ?? declared[input].default;
  };
  let output = '';
  let exitCode: number | undefined = 0;
  for (const { run, env } of runs.steps) {
    const filled = Object.entries<string>(env ?? {}).map(([name, text]) => [
      name,
      text.replace(/\$\{\{ (.*?) \}\}/g, (_, each) => value(each)),
    ]);
    const script = join(directory, 'step.sh');
    writeFileSync(script, run);
    const options = { cwd: directory, env: { ...base, ...Object.fromEntries(filled) }, extendEnv: false, reject: false, all: true };
    const done = await execa('/bin/bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], options);
    output += done.all;
    exitCode = done.exitCode;
    if (exitCode !== 0) break;
  }
  return { exitCode, output, path: readFileSync(files.GITHUB_PATH, 'utf8').trim(), outputs: readFileSync(files.GITHUB_OUTPUT, 'utf8') };
}
