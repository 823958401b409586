import { accessSync, constants, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toJson } from '../../base/json.ts';
import type { Waiting } from '../../machine/files/lock.ts';
import { makeDirectory } from '../../machine/files/text-file.ts';
import type { Clock } from '../../machine/world.ts';
import { type Account, type Accounts, readAccounts, writeAccounts } from './index-file.ts';
import { dropStale, type News } from './news.ts';

/** How long to wait for the lock, in ms; after that nothing is saved. */
const PATIENCE_MS = 1_000;

/** An unchanged list is written again after this many ms, so that its age counts from the last reading. */
const REFRESH_MS = 60 * 60_000;

/**
 * Adds the news of a command to the file, and returns true if it changed. A cache that cannot be written costs requests, not
 * correctness.
 */
export async function save(file: string, news: ReadonlyMap<string, News>, waiting: Waiting & { readonly clock: Clock }): Promise<boolean> {
  const { clock } = waiting;
  /** The time is read each time, because what others save meanwhile would be from the future. */
  const updated = () => {
    const now = clock.now();
    const accounts = readAccounts(file, now);
    return apply(accounts, news, now) ? accounts : undefined;
  };
  try {
    if (!updated()) return false;
    makeDirectory(dirname(file));
    // Where nothing can be written, the lock is not even loaded.
    accessSync(dirname(file), constants.W_OK);
    const { locked } = await import('../../machine/files/lock.ts');
    await locked(file, { ...waiting, patienceMs: PATIENCE_MS }, () => {
      const accounts = updated();
      if (accounts) writeAccounts(file, accounts);
      // The index of dnx 0.1.
      rmSync(join(dirname(file), 'sites.json'), { force: true });
    });
    return true;
  } catch {
    // The next command reads the lists again.
    return false;
  }
}

/** Applies the news; false if the accounts already said so. The newer of two lists wins. */
function apply(accounts: Accounts, news: ReadonlyMap<string, News>, now: number): boolean {
  let changed = false;
  for (const [name, { lists, changes, searched }] of news) {
    const account: Account = accounts.get(name) ?? { lists: new Map(), searched: 0 };
    accounts.set(name, account);
    for (const each of changes) changed = dropStale(account.lists, each) || changed;
    for (const [path, list] of lists) {
      const known = account.lists.get(path);
      // A mark that the list has changed is there already.
      if (known && (known.read > list.read || (known.read === list.read && !list.items))) continue;
      account.lists.set(path, list);
      changed ||= !known || now - known.read >= REFRESH_MS || toJson(known.items) !== toJson(list.items);
    }
    changed ||= searched > account.searched;
    account.searched = Math.max(searched, account.searched);
  }
  return changed;
}
