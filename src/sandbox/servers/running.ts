import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const PAUSE_MS = 50;
/** After so many pauses, a program that does not end is killed. */
const PATIENCE = 20;

/** Ends what still runs on the servers of a sandbox, and every dnx in it: `program` is a word of its command line. Waits until all have ended. */
export async function endRunning(directory: string, program: string): Promise<void> {
  for (let round = 0; round < 2 * PATIENCE; round += 1) {
    const running = processesOfUser().filter(
      ({ words }) =>
        words.includes(`SANDBOX_SERVER=${directory}/`) || (words.includes(`DNX_SANDBOX=${directory}`) && words.includes(program)),
    );
    if (running.length === 0) return;
    for (const { pid } of running) end(pid, round < PATIENCE ? 'SIGTERM' : 'SIGKILL');
    await delay(PAUSE_MS);
  }
}

/** The command lines and environments of the processes whose environment this user may read. */
function processesOfUser(): readonly { readonly pid: number; readonly words: string }[] {
  if (!existsSync('/proc/self/environ')) {
    const listed = execFileSync('ps', ['-axEww', '-o', 'pid=,command='], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    return listed.split('\n').map((line) => ({ pid: Number.parseInt(line, 10), words: line }));
  }
  return readdirSync('/proc').flatMap((name) => {
    const words = /^\d+$/.test(name) ? ['cmdline', 'environ'].map((file) => contentsOf(`/proc/${name}/${file}`)).join('\0') : '';
    return words === '' ? [] : [{ pid: Number(name), words }];
  });
}

function contentsOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended, or belongs to another user.
    return '';
  }
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
