import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Ends the commands that still run on the servers: each of them has a file of its process id. A number may belong to another process by now. */
export function endRunning(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = Number(name);
    if (environmentOf(pid).includes(`SANDBOX=${dirname(directory)}`)) end(pid);
  }
}

function environmentOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/environ`, 'utf8');
    return execFileSync('ps', ['-Eww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has just ended.
  }
}
