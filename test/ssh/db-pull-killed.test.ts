import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { reasonAgainstDatabases } from '../support/databases.ts';
import { holding, processes } from '../support/db-copy.ts';
import { type Copying, openCopying } from '../support/database-copies.ts';
import { lastTableLocked, SLOWLY, stuckPull } from '../support/db-stuck.ts';
import { said } from '../support/executable.ts';
import { reasonAgainstSsh } from '../support/sshd.ts';

const reason = reasonAgainstSsh() ?? reasonAgainstDatabases();
if (reason !== undefined) process.stderr.write(`Skipped the tests of killed pulls: ${reason}\n`);
const it = test.skipIf(reason !== undefined);

/** A pull runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

let copying: Copying;
beforeAll(async () => {
  if (reason === undefined) copying = await openCopying('killed');
}, 120_000);
afterAll(() => copying?.close());

/** Pulls again, which must clean up, and succeed. */
async function pullAgain(target: string): Promise<void> {
  const again = await copying.pull(copying.sites.mariadb, 'mariadb', target);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(copying.databases('mariadb', target)).toEqual([target]);
  expect(copying.content('mariadb', target)).toBe(copying.content('mariadb', 'shop'));
}

describe('kill -9 of dnx leaves a whole old copy, and the next pull goes on,', { timeout: TIME }, () => {
  it('while it imports', async () => {
    const { running, before, release } = await stuckPull(copying, 'dead');
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
    expect(copying.content('mariadb', 'dead')).toBe(before);
    await release();
    await pullAgain('dead');
  });

  /** A pull that waits to move the tables, because a transaction uses one. */
  async function waiting(target: string) {
    const before = copying.old('mariadb', target);
    const release = await holding(copying.servers.mariadb, target, 'BEGIN; SELECT * FROM marks');
    onTestFinished(release);
    const running = copying.pull(copying.sites.mariadb, 'mariadb', target);
    const waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock%'";
    await expect.poll(() => copying.servers.mariadb.sql(waits), SLOWLY).toBe('1\n');
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
    return { before, release };
  }

  /** Rows that only the old copy has. */
  const OLD = 'SELECT mark FROM marks; SELECT COUNT(*) FROM only_old';

  it('before the tables move: views and triggers come back', async () => {
    const { before, release } = await waiting('early');
    for (const [pid, line] of processes())
      if (/^mariadb .*--binary-mode/.test(line) && line.includes(`--port=${copying.servers.mariadb.port} `)) process.kill(pid, 'SIGKILL');
    copying.servers.mariadb.sql(
      copying.servers.mariadb.sql(
        "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE INFO LIKE '%RENAME TABLE%' AND ID <> CONNECTION_ID()",
      ),
    );
    await release();
    expect(copying.servers.mariadb.sql(OLD, 'early')).toBe('old\n1\n');
    expect(copying.content('mariadb', 'early')).not.toBe(before);
    const lock = await lastTableLocked(copying);
    const next = copying.pull(copying.sites.large, 'mariadb', 'early');
    await said(next, 'Removed what an interrupted pull had left.');
    expect(copying.content('mariadb', 'early')).toBe(before);
    await lock();
    expect((await next).exitCode).toBe(0);
  });

  it('after the tables moved: the new copy is completed', async () => {
    const { release } = await waiting('late');
    await release();
    await expect.poll(() => copying.servers.mariadb.sql('SELECT mark FROM marks', 'late'), SLOWLY).toBe('source\n');
    expect(copying.servers.mariadb.sql(OLD, 'late_dnx_old')).toBe('old\n1\n');
    const lock = await lastTableLocked(copying);
    const next = copying.pull(copying.sites.large, 'mariadb', 'late');
    await said(next, 'Completed a pull that was interrupted.');
    expect(copying.content('mariadb', 'late')).toBe(copying.content('mariadb', 'shop'));
    expect(copying.databases('mariadb', 'late_dnx_old')).toEqual([]);
    await lock();
    expect((await next).exitCode).toBe(0);
  });

  it.each([...[0, 40, 80, 120, 180].map((ms) => ['mariadb', ms] as const), ...[0, 60].map((ms) => ['pgsql', ms] as const)])(
    'of %s, %d ms after it began to replace it',
    async (driver, ms) => {
      const target = `moment_${ms}`;
      copying.old(driver, target);
      const running = copying.pull(copying.sites[driver], driver, target);
      await said(running, 'Replacing');
      setTimeout(() => running.kill('SIGKILL'), ms);
      const { signal, exitCode } = await running;
      expect(signal ?? exitCode).toBeOneOf(['SIGKILL', 0]);
      const { sql } = copying.servers[driver];
      const places = copying.databases(driver, target).map((database) => {
        try {
          return database.endsWith('_dnx_new') ? '' : sql(OLD, database);
        } catch {
          // Another part of the copies.
          return '';
        }
      });
      if (!places.includes('old\n1\n')) expect(sql('SELECT mark FROM marks', target)).toBe('source\n');
      const again = await copying.pull(copying.sites[driver], driver, target);
      expect(again.exitCode, again.stderr).toBe(0);
      expect(copying.databases(driver, target)).toEqual([target]);
      expect(copying.content(driver, target)).toBe(copying.content(driver, 'shop'));
    },
  );
});
