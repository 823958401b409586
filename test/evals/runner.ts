import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { abilities } from '../../src/base/abilities.ts';
import { quotedForSh } from '../../src/base/shell.ts';
import { counted } from '../../src/base/text.ts';
import { startSandbox } from '../../src/sandbox/index.ts';
import { grade, startOf } from './grade.ts';
import { prepare } from './sandbox.ts';
import type { Task } from './task.ts';
import { tasks } from './tasks.ts';

const ways = ['shell', 'mcp'] as const;
const tellings = ['outright', 'loose'] as const;

/** One task, told in one way, by way of one of the two. */
interface Attempt {
  readonly name: string;
  readonly task: Task;
  readonly way: (typeof ways)[number];
  readonly told: (typeof tellings)[number];
}

interface Outcome {
  readonly problems: readonly string[];
  readonly commands: number;
  readonly requests: number;
  readonly seconds: number;
}

/** How long a command line of dnx, which a person runs, may take to come about, in ms. It moves the clock of the sandbox. */
const SETTLES_MS = 120_000;

const options = {
  agent: { type: 'string' },
  way: { type: 'string', default: 'shell' },
  told: { type: 'string', default: tellings.join() },
  task: { type: 'string', multiple: true },
  session: { type: 'boolean', default: false },
  minutes: { type: 'string', default: '10' },
  logs: { type: 'string' },
} as const;

/** Runs an agent on every task, and prints which it did. Returns the exit code. */
export async function runEvals(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...argv], options });
  const { agent, logs = mkdtempSync(join(tmpdir(), 'dnx-evals-logs-')) } = values;
  const unknown = values.task?.filter((name) => !tasks.has(name)) ?? [];
  if (agent === undefined || unknown.length > 0) {
    process.stderr.write(agent === undefined ? "Missing --agent, such as 'claude -p {prompt}'.\n" : `No such task: ${unknown}.\n`);
    return 2;
  }
  mkdirSync(logs, { recursive: true });
  const attempts = [...tasks]
    .filter(([name]) => values.task?.includes(name) ?? true)
    .flatMap(([name, task]) => ways.flatMap((way) => tellings.map((told): Attempt => ({ name, task, way, told }))))
    .filter(({ task, way, told }) => values.way.includes(way) && values.told.includes(told) && (way === 'shell' || task.mcp !== false));
  let done = 0;
  for (const each of attempts) {
    const { problems, commands, requests, seconds } = await attempted(each, {
      agent,
      session: values.session,
      minutes: Number(values.minutes),
      logs,
    });
    const isDone = problems.length === 0;
    if (isDone) done += 1;
    const numbers = `${seconds}s, ${counted(commands, 'command')}, ${counted(requests, 'request')}`;
    process.stdout.write(`${isDone ? '✓' : '✗'} ${each.name}, told ${each.told}, ${each.way}: ${numbers}\n`);
    for (const problem of problems) process.stdout.write(`    ${problem}\n`);
  }
  process.stdout.write(`${done} of ${attempts.length} done. What the agent wrote is in ${logs}\n`);
  return done === attempts.length ? 0 : 1;
}

interface Running {
  readonly agent: string;
  /** In a session of `dnx agent run`. */
  readonly session: boolean;
  readonly minutes: number;
  /** The directory of what agents write. */
  readonly logs: string;
}

/** Lets the agent work on a task in a sandbox of its own. */
async function attempted({ name, task, way, told }: Attempt, { agent, session, minutes, logs }: Running): Promise<Outcome> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'dnx-eval-')));
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const sandbox = await startSandbox({ now, rateLimit: 0, ...(task.failDeploys && { failDeploys: task.failDeploys }) });
  const { project, env: around, close } = await prepare(task, sandbox, directory, { servers: process.platform !== 'win32' });
  try {
    const dnx = join(directory, 'bin/dnx');
    const counted = join(directory, 'commands');
    const program = [process.execPath, resolve('bin/dnx.js')].map(quotedForSh).join(' ');
    writeFileSync(dnx, `#!/bin/sh\necho >> ${quotedForSh(counted)}\nexec ${program} "$@"\n`, { mode: 0o755 });
    const token = task.token ? sandbox.mint(task.token) : sandbox.token;
    const env = {
      ...process.env,
      ...around,
      NO_PROXY: '127.0.0.1,localhost',
      DNX_HOST: sandbox.url,
      DNX_TOKEN: sandbox.token,
      DNX_CONFIG_DIR: join(directory, 'config'),
      DNX_CACHE_DIR: join(directory, 'cache'),
      DNX_STATE_DIR: join(directory, 'state'),
      DNX_RATE_LIMIT: 'off',
      DNX_NO_UPDATE_NOTIFIER: '1',
    };
    const run = (line: string, log?: string, limitMs?: number) =>
      ran(line, { cwd: project, env: { ...env, DNX_TOKEN: token }, log, limitMs });
    for (const line of task.before ?? []) await run(`dnx ${line}`);
    rmSync(counted, { force: true });
    const hasSession = session && task.token === undefined;
    const start = { ...startOf(sandbox, directory), others: hasSession ? 'Sandbox' : undefined };
    const mcp = join(directory, 'mcp.json');
    writeFileSync(
      mcp,
      JSON.stringify({ mcpServers: { dnx: { command: dnx, args: ['mcp', ...(task.mcp || [])], env: mcpEnv(env, token) } } }),
    );
    const prompt = `${task[told]}\n\n${way === 'shell' ? SHELL : MCP}`;
    const line = agent.replaceAll('{prompt}', quotedForSh(prompt)).replaceAll('{mcp}', quotedForSh(mcp));
    const began = Date.now();
    const allowed = abilities.map((each) => `--ability ${each}`).join(' ');
    const inSession = `${program} agent run ${allowed} -- sh -c ${quotedForSh(line)}`;
    await run(hasSession ? inSession : line, join(logs, `${name}-${told}-${way}.txt`), minutes * 60_000);
    const seconds = Math.round((Date.now() - began) / 1000);
    const commands = existsSync(counted) ? readFileSync(counted, 'utf8').length : 0;
    // The person to whom the agent of a client that cannot ask gave its plans.
    if (way === 'mcp' && (task.person ?? 'approves') === 'approves')
      for (const plan of proposedIn(directory)) await run(`dnx apply ${plan}`);
    ahead = SETTLES_MS;
    return { problems: grade(task, start), commands, requests: sandbox.calls.length - start.calls, seconds };
  } finally {
    await close();
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const SHELL = 'Use the command line dnx, which is signed in: dnx --help. Nobody can answer questions.';
const MCP = 'Use the MCP server dnx, which is signed in. Nobody can answer questions. If a plan needs a person, you are done.';

/** The environment of the MCP server, which a client may start without its own. */
const mcpEnv = (env: Readonly<Record<string, string | undefined>>, token: string) => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => /^(DNX_|PATH$|(NO|HTTPS?)_PROXY$|NODE_EXTRA_CA_CERTS$)/i.test(name))),
  DNX_TOKEN: token,
});

/** The plans that `dnx mcp` left for a person, as words of `dnx apply` with the consent. */
function proposedIn(directory: string): readonly string[] {
  const proposed = join(directory, 'state/proposed');
  if (!existsSync(proposed)) return [];
  return readdirSync(proposed).map((file) => {
    const { consent } = JSON.parse(readFileSync(join(proposed, file), 'utf8'));
    return `${join(proposed, file)} ${consent.confirm === null ? '--yes' : `--confirm ${quotedForSh(consent.confirm)}`}`;
  });
}

interface ShellOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The file for what it prints. */
  readonly log?: string | undefined;
  readonly limitMs?: number | undefined;
}

/** Runs a command line of sh, and ends its processes after a time. */
async function ran(line: string, { cwd, env, log, limitMs }: ShellOptions): Promise<void> {
  const child = spawn('sh', ['-c', line], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const file = log === undefined ? undefined : createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => file?.write(chunk));
  const limit = limitMs === undefined ? undefined : setTimeout(() => child.pid && process.kill(-child.pid, 'SIGKILL'), limitMs);
  await new Promise((end) => child.once('close', end).once('error', end));
  clearTimeout(limit);
  file?.end();
}
