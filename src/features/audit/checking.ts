import type { BackupTimes } from './checks/backups.ts';
import type { Ledger } from './ledger.ts';
import type { Reader } from './reading.ts';

/** What the checks of a server and its sites need. */
export interface Audit {
  readonly ledger: Ledger;
  readonly reader: Reader;
  readonly now: number;
  readonly backupDays: number;
  /** Undefined if the backups could not be read, which was noted. */
  readonly backups: BackupTimes | undefined;
  /** True if the whole organization is audited. */
  readonly whole: boolean;
}
