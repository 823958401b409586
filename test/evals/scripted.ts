import { effectOf } from '../../src/cli/language/effect.ts';
import { wordsIn } from '../../src/cli/run/line.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { approve, openAgent, parsedAnswer } from '../mcp/client.ts';
import { type Bed, openBed, type RunOptions, split } from '../support/dnx.ts';
import { type Start, startOf } from './grade.ts';
import { prepare } from './sandbox.ts';
import type { Dnx, Task } from './task.ts';

/** What a scripted agent did, and what it had to read for that. */
export interface Effort {
  readonly commands: number;
  readonly requests: number;
  readonly bytes: number;
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

/** How an agent runs command lines. */
export type Way = (task: Task, opened: OpenTask, work: (dnx: Dnx) => Promise<unknown>) => Promise<Effort>;

/** The size of a text, without the directory of this run. */
const bytesOf = (text: string, { directory }: Bed): number => Buffer.byteLength(text.replaceAll(directory, ''));

const wantsJson = (line: string): boolean => / --json\b/.test(line);

/** Runs command lines as in a shell. */
export const throughShell: Way = async (_, { bed, options, start }, work) => {
  const effort = { commands: 0, bytes: 0 };
  await work(async (line, { exit = 0 } = {}) => {
    const { code, stdout, stderr } = await bed.dnx(line, options);
    effort.commands += 1;
    effort.bytes += bytesOf(stdout + stderr, bed);
    if (code !== exit) throw new Error(`dnx ${line} ended with ${code}: ${stderr}`);
    return wantsJson(line) && code === 0 ? JSON.parse(stdout) : stdout;
  });
  return { ...effort, requests: bed.sandbox.calls.length - start.calls };
};

/** Calls the tools of `dnx mcp`, whose client asks the person of the task. */
export const throughMcp: Way = async ({ person = 'approves', mcp }, { bed, options, start }, work) => {
  const effort = { commands: 0, bytes: 0 };
  const fill = () => (person === 'approves' ? approve() : ({ action: 'decline' } as const));
  const agent = await openAgent(bed, (mcp || []).join(' '), { run: options, ...(person !== 'absent' && { fill }) });
  const call = async (tool: string, words: readonly string[], fails = false) => {
    const answer = await agent.call(tool, { words });
    effort.commands += 1;
    effort.bytes += bytesOf(answer.text, bed);
    if (answer.isError !== fails) throw new Error(`${tool} ${words.join(' ')}: ${answer.text}`);
    return answer;
  };
  try {
    const dnx: Dnx = async <T>(line: string, { exit = 0, wait }: Parameters<Dnx>[1] = {}) => {
      const words = split(line.replace(/ --(json|yes|no-wait)\b| --dry-run --out \S+/g, ''));
      const tool = await toolFor(words);
      const answer = await call(tool, words, exit !== 0 || (tool === 'change' && person !== 'approves'));
      if (tool === 'change' && wait !== undefined) await call('wait', split(wait));
      return (wantsJson(line) && exit === 0 ? valueIn(answer.text) : answer.text) as T;
    };
    await work(dnx);
  } finally {
    void (await agent.end()).code;
  }
  return { ...effort, requests: bed.sandbox.calls.length - start.calls };
};

/** The value of an answer, before what else dnx said. */
const valueIn = (text: string): unknown => parsedAnswer(/^<data-\w+>\n(.*)\n/.exec(text)?.[1] ?? '');

/** The tool that an agent takes for a command line. */
async function toolFor(words: readonly string[]): Promise<string> {
  if (words[0] === 'watch') return 'wait';
  const { line, error } = await parse(words, tree);
  if (!line) throw error;
  return effectOf(line.command, wordsIn({ ...line, dryRun: { ...line.dryRun, wanted: false } })) === 'read' ? 'read' : 'change';
}
