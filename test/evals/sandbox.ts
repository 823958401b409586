import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSurroundings, type Sandbox } from '../../src/sandbox/index.ts';
import type { Task } from './task.ts';

/** What a task has besides the API. */
export interface Prepared {
  /** The agent's directory. */
  readonly project: string;
  /** What programs need to reach the servers and websites. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Puts the files of a task into a directory, with the servers if they are wanted, and brings the trouble about. */
export async function prepare(
  task: Task,
  sandbox: Sandbox,
  directory: string,
  { servers }: { readonly servers: boolean },
): Promise<Prepared> {
  const bin = join(directory, 'bin');
  const project = join(directory, 'project');
  for (const each of [bin, project]) mkdirSync(each, { recursive: true });
  for (const [name, text] of Object.entries(task.files ?? {})) writeFileSync(join(project, name), text);
  const around = servers ? await openSurroundings(sandbox, directory, { program: 'dnx', authorities: undefined }) : undefined;
  task.trouble?.(sandbox);
  return {
    project,
    env: { DNX_PROJECT: project, ...(around && { ...around.env, PATH: `${bin}:${process.env.PATH}` }) },
    close: async () => around?.close(),
  };
}
