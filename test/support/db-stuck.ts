import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { holding, processes } from './db-copy.ts';
import type { Copying } from './db-pull.ts';
import type { Started } from './executable.ts';

/** For conditions that take a client to look at. */
export const SLOWLY = { timeout: 60_000, interval: 100 };

/** A command that waits for the last table of the large database. */
interface Stuck {
  readonly running: Started;
  /** Lets it go on. */
  readonly release: () => Promise<void>;
}

/** Keeps the last table of the large database, until the returned function is called or the test ends. */
export async function lastTableLocked({ servers }: Copying): Promise<() => Promise<void>> {
  const release = await holding(servers.mariadb, 'large', 'LOCK TABLES zz_last WRITE');
  onTestFinished(release);
  return release;
}

/** A dump into this directory that has written most of it. */
export async function stuckDump(copying: Copying, into: string): Promise<Stuck> {
  const release = await lastTableLocked(copying);
  const running = copying.dump([copying.sites.large, '-O', join(into, 'large.sql.gz')]);
  const written = () => readdirSync(into).reduce((sum, name) => sum + statSync(join(into, name)).size, 0);
  await expect.poll(written, { timeout: 60_000 }).toBeGreaterThan(5_000_000);
  return { running, release };
}

/** A pull that has imported most of it, and what was in the target before. */
export async function stuckPull(copying: Copying, target: string): Promise<Stuck & { readonly before: string }> {
  const before = copying.old('mariadb', target);
  const release = await lastTableLocked(copying);
  const running = copying.pull(copying.sites.large, 'mariadb', target);
  const rows = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${target}_dnx_new' AND TABLE_NAME = 'users'`;
  await expect.poll(() => copying.servers.mariadb.sql(rows), SLOWLY).toBe('1\n');
  return { running, before, release };
}

/** Kills the program that dumps the large database on the server. */
export function killDumper({ servers }: Copying): void {
  const own = `--port=${servers.mariadb.port} `;
  const [[pid] = [0]] = processes().filter(([, line]) => /^\S*mariadb-dump.* large $/.test(line) && line.includes(own));
  process.kill(pid, 'SIGKILL');
}
