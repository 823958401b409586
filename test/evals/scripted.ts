import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { type Start, startOf } from './grade.ts';
import { prepare } from './sandbox.ts';
import type { Dnx, Task } from './task.ts';

/** What a scripted agent did, and what it had to read for that. */
export interface Effort {
  commands: number;
  requests: number;
  bytes: number;
}

/** A task in a sandbox of its own, in this process. */
export interface OpenTask {
  readonly bed: Bed;
  readonly start: Start;
  /** How dnx runs in it. */
  readonly options: RunOptions;
  close(): Promise<void>;
}

/** Opens a task: its trouble is there, and nothing is done yet. */
export async function openTask(task: Task): Promise<OpenTask> {
  const { failDeploys, servers = false, before = [], token } = task;
  const bed = await openBed({ rateLimit: 0, ...(failDeploys && { failDeploys }) });
  const { directory, sandbox } = bed;
  const { project, env, close } = await prepare(task, sandbox, directory, { servers });
  const options = { cwd: project, env, ...(servers && { elsewhere: () => {} }) };
  for (const line of before) void (await bed.dnx(line, options)).code;
  return {
    bed,
    start: startOf(sandbox, directory),
    options: { ...options, env: { ...env, ...(token && { DNX_TOKEN: sandbox.mint(token) }) } },
    async close() {
      await close();
      await bed.close();
    },
  };
}

/** Runs command lines as in a shell. */
export function inShell({ bed, options }: OpenTask, effort: Effort): Dnx {
  return async (line, { exit = 0 } = {}) => {
    const { code, stdout, stderr, calls } = await bed.dnx(line, options);
    effort.commands += 1;
    effort.requests += calls.length;
    effort.bytes += Buffer.byteLength(stdout) + Buffer.byteLength(stderr);
    if (code !== exit) throw new Error(`dnx ${line} ended with ${code}: ${stderr}`);
    return / --json\b/.test(line) && code === 0 ? JSON.parse(stdout) : stdout;
  };
}
