import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { accountName, type Identity } from '../../machine/credentials/tokens.ts';
import { locked, type Waiting } from '../../machine/files/lock.ts';
import { readText, writeText } from '../../machine/files/text-file.ts';
import { CONFIG_FILE, configIn } from '../../machine/settings/config.ts';
import { openSettingsFile } from '../../machine/settings/sources.ts';
import type { Clock } from '../../machine/world.ts';
import { type Accounts, readAccounts } from './index-file.ts';
import { offeredIn } from './offered.ts';
import { configText, current, keyOf, type OfferedAccount, offeredDirectory, placesFile, placesIn, placesText } from './offered-places.ts';

/** How long to wait for the lock, in ms. After that, the files stay as they are. */
const PATIENCE_MS = 1_000;

/** The account of a command with a stored token. */
export interface UsedAccount extends Identity {
  /** As in the index. */
  readonly account: string;
  /** When its token was stored, as the settings said when the command began. */
  readonly stored: string;
}

interface Offering {
  /** The cache directory. */
  readonly directory: string;
  readonly config: string;
  /** `names.json`, whose lock is taken. */
  readonly index: string;
  readonly used: UsedAccount | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Writes the files that shells read at a Tab, from the index and the settings. */
export async function offerNames(offering: Offering): Promise<void> {
  const waiting: Waiting = { clock: offering.clock, signal: offering.signal, patienceMs: PATIENCE_MS };
  await locked(offering.index, waiting, () => write(offering));
}

function write({ directory, config: configDirectory, index, used, clock }: Offering): void {
  const text = configText(configDirectory);
  const config = configIn(openSettingsFile(join(configDirectory, CONFIG_FILE)));
  const accounts = readAccounts(index, clock.now());
  const keys = new Set([...accounts.keys()].map(keyOf));
  const own = used && { profile: used.profile, host: used.host, key: keyOf(used.account), stored: used.stored };
  const file = placesFile(directory);
  const others = placesIn(readText(file)).accounts.filter((each) => !own || accountName(each) !== accountName(own));
  const offered = current([...(own ? [own] : []), ...others], config).filter(({ key }) => keys.has(key));
  if (used && offered.some(({ key }) => key === own?.key))
    writeNames(join(offeredDirectory(directory), keyOf(used.account)), used, accounts);
  writeText(file, placesText(config, { accounts: offered, config: text }));
  removeOthers(offeredDirectory(directory), offered);
}

/** Writes a file for each kind of resource that has changed, and removes those without names. */
function writeNames(directory: string, { account }: UsedAccount, accounts: Accounts): void {
  const texts = offeredIn(accounts.get(account)?.lists ?? new Map());
  for (const [kind, text] of texts) {
    const file = join(directory, kind);
    if (readText(file) !== text) writeText(file, text);
  }
  for (const name of filesIn(directory)) if (!texts.has(name)) rmSync(join(directory, name), { force: true });
}

/** Removes the names of accounts that are no longer offered. */
function removeOthers(directory: string, offered: readonly OfferedAccount[]): void {
  for (const name of filesIn(directory)) {
    const isGone = /^[\da-f]{14}$/.test(name) && !offered.some(({ key }) => key === name);
    if (isGone) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

function filesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
