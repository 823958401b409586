import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The environment of everything that is measured: NODE_EXTRA_CA_CERTS, for example, costs tens of ms at every start of Node 20. */
export const barren = (home) => ({ PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8' });

/** Runs a program with its output in pipes, as in a script, and returns what it printed and the ms from spawn until both pipes are closed. */
export function run({ file, args, env, user, code = 0, name }) {
  return new Promise((resolve, reject) => {
    const output = { stdout: '', stderr: '' };
    const start = performance.now();
    const child = spawn(file, args, { env, cwd: env.HOME, stdio: ['ignore', 'pipe', 'pipe'], ...user });
    for (const stream of ['stdout', 'stderr']) child[stream].on('data', (chunk) => (output[stream] += chunk));
    child.on('error', reject);
    child.on('close', (exited) => {
      const ms = performance.now() - start;
      if (exited === code) resolve({ ms, ...output });
      else reject(new Error(`${name} exited ${exited}: ${output.stderr || output.stdout}`));
    });
  });
}

const TIME = '/usr/bin/time';
const hasTime = spawnSync(TIME, ['-f', '%M', 'true']).status === 0;

/** The most memory that a program occupied, in bytes; undefined without GNU time. */
export async function peakMemory(subject, report) {
  if (!hasTime) {
    await run(subject);
    return undefined;
  }
  await run({ ...subject, file: TIME, args: ['-q', '-f', '%M', '-o', report, subject.file, ...subject.args] });
  return Number(readFileSync(report, 'utf8')) * 1024;
}
