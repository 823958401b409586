import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { copyingSuite, lastTableLocked, SLOWLY, stuckPull } from '../support/database-copies.ts';
import { holding, waitingFor } from '../support/database-processes.ts';
import { type Driver, postgresProgram } from '../support/databases.ts';
import { said } from '../support/executable.ts';
import { find } from '../support/programs.ts';
import { deep } from '../support/volume.ts';

const { copying, it, reason } = copyingSuite('killed pulls', 'killed');

/** A pull runs many programs, which takes long on a busy machine. */
const TIME = 90_000;

/** Pulls again, which must clean up, and succeed. */
async function pullAgain(target: string): Promise<void> {
  await expect(copying.pull(copying.sites.mariadb, 'mariadb', target)).toExit(0);
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
    // A busy machine may take longer to kill dnx, and to end the transaction, than dnx would wait.
    const running = copying.startPull(copying.sites.mariadb, 'mariadb', target, [], { PATH: copying.withPatience(600) });
    await expect.poll(() => waitingFor(copying.servers.mariadb, 'RENAME TABLE'), SLOWLY).toBe(1);
    running.kill('SIGKILL');
    expect((await running).signal).toBe('SIGKILL');
    return { before, release };
  }

  /** Rows that only the old copy has. */
  const OLD = 'SELECT mark FROM marks; SELECT COUNT(*) FROM only_old';

  it('before the tables move: views and triggers come back', async () => {
    const { before, release } = await waiting('early');
    // The client would go on as soon as it may. Without dnx, it ends with its statement.
    copying.servers.mariadb.sql(
      copying.servers.mariadb.sql(
        "SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE INFO LIKE '%RENAME TABLE%' AND ID <> CONNECTION_ID()",
      ),
    );
    // A killed statement that still waits may get its lock.
    await expect.poll(() => waitingFor(copying.servers.mariadb, 'RENAME TABLE'), SLOWLY).toBe(0);
    await release();
    expect(copying.servers.mariadb.sql(OLD, 'early')).toBe('old\n1\n');
    expect(copying.content('mariadb', 'early')).not.toBe(before);
    const lock = await lastTableLocked(copying);
    const next = copying.startPull(copying.sites.large, 'mariadb', 'early');
    await said(next, 'Removed what an interrupted pull had left.');
    expect(copying.content('mariadb', 'early')).toBe(before);
    await lock();
    await expect(next).toExit(0);
  });

  it('after the tables moved: the new copy is completed', async () => {
    const { release } = await waiting('late');
    await release();
    await expect.poll(() => copying.servers.mariadb.sql('SELECT mark FROM marks', 'late'), SLOWLY).toBe('source\n');
    expect(copying.servers.mariadb.sql(OLD, 'late_dnx_old')).toBe('old\n1\n');
    const lock = await lastTableLocked(copying);
    const next = copying.startPull(copying.sites.large, 'mariadb', 'late');
    await said(next, 'Completed a pull that was interrupted.');
    expect(copying.content('mariadb', 'late')).toBe(copying.content('mariadb', 'shop'));
    const left = `SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'late_dnx_old'`;
    expect(copying.servers.mariadb.sql(left)).not.toContain('only_old');
    await lock();
    await expect(next).toExit(0);
  });

  /** Moments by the number of clients that are left, and the mark of the copy that is in place by then. The tests above are those of MariaDB. */
  const moments: readonly (readonly [driver: Driver, left: number, mark: string])[] = [
    ...(deep ? [5, 4, 2, 1, 0] : []).map((left) => ['mariadb', left, left < 4 ? 'source' : 'old'] as const),
    ...(deep ? [2, 1, 0] : [1]).map((left) => ['pgsql', left, left < 2 ? 'source' : 'old'] as const),
  ];

  /** Clients that kill dnx instead of starting as the KILL_ATth, and how many a pull starts. */
  let killing: { readonly path: string; readonly starts: Readonly<Partial<Record<Driver, number>>> };
  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(join(copying.directory, 'clients-'));
    for (const name of ['mariadb', 'psql']) {
      const client = name === 'psql' ? postgresProgram(name) : find(name);
      const script = [
        '#!/bin/sh',
        `case "$*" in --version) exec ${client} "$@";; esac`,
        `log=${folder}/log.$PPID; echo >> "$log"`,
        'if [ "$(wc -l < "$log")" = "$KILL_AT" ]; then kill -9 "$PPID"; exit 1; fi',
        `exec ${client} "$@"`,
      ];
      writeFileSync(join(folder, name), `${script.join('\n')}\n`, { mode: 0o755 });
    }
    const path = `${folder}:${copying.env.PATH}`;
    const startsOf = async (driver: Driver) => {
      copying.addOld(driver, 'counted');
      await expect(copying.startPull(copying.sites[driver], driver, 'counted', [], { PATH: path })).toExit(0);
      const [log = ''] = readdirSync(folder).filter((name) => name.startsWith('log.'));
      const { size } = statSync(join(folder, log));
      rmSync(join(folder, log));
      return size;
    };
    const starts: Partial<Record<Driver, number>> = {};
    for (const driver of new Set(moments.map(([each]) => each))) starts[driver] = await startsOf(driver);
    killing = { path, starts };
  }, TIME);

  it.each(moments)('of %s, before its last clients, of which %d are left', async (driver, left, mark) => {
    const target = `left_${left}`;
    copying.addOld(driver, target);
    const env = { PATH: killing.path, KILL_AT: String((killing.starts[driver] ?? 0) - left) };
    expect((await copying.startPull(copying.sites[driver], driver, target, [], env)).signal).toBe('SIGKILL');
    const { sql } = copying.servers[driver];
    expect(sql('SELECT mark FROM marks', target)).toBe(`${mark}\n`);
    await expect(copying.pull(copying.sites[driver], driver, target)).toExit(0);
    expect(copying.databases(driver, target)).toEqual([target]);
    expect(copying.content(driver, target)).toBe(copying.content(driver, 'shop'));
  });
});
