import type { Identity } from '../../machine/credentials/tokens.ts';
import { readText } from '../../machine/files/text-file.ts';
import type { Clock } from '../../machine/world.ts';
import { accountLine, configText, keyOf, placesFile, placesIn } from './offered-places.ts';

interface Offering extends Identity {
  /** The cache directory. */
  readonly directory: string;
  /** The config directory. */
  readonly config: string;
  /** `names.json`. */
  readonly index: string;
  /** The account in use; empty if no token was needed. */
  readonly account: string;
  /** When its token was stored; undefined for DNX_TOKEN, whose names are not offered. */
  readonly stored: string | undefined;
  /** True if the command has read or changed names. */
  readonly isNews: boolean;
  /** True if they differ from what was remembered. */
  readonly changed: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Updates the files that shells read, if they no longer agree with the index or the settings. Never fails. */
export async function keepOffered({ account, stored, isNews, changed, ...offering }: Offering): Promise<void> {
  const { profile, host, directory, config } = offering;
  try {
    const used = account !== '' && stored !== undefined ? { profile, host, account, stored } : undefined;
    const places = readText(placesFile(directory));
    if (places === undefined && !(used && isNews)) return;
    const isCurrent = placesIn(places).config === configText(config);
    const isOffered = places?.includes(`${accountLine({ profile, host, key: keyOf(account) })}\t`);
    const isStale = used !== undefined && isNews && (changed || !isOffered);
    if (isCurrent && !isStale) return;
    const { offerNames } = await import('./offered-files.ts');
    await offerNames({ ...offering, used });
  } catch {
    // Shells offer nothing instead.
  }
}
