import { join } from 'node:path';
import { tokenFingerprint } from '../../machine/credentials/fingerprint.ts';
import { accountName, accountNamed, type Identity } from '../../machine/credentials/tokens.ts';
import { readText } from '../../machine/files/text-file.ts';
import { CONFIG_FILE, type Config } from '../../machine/settings/config.ts';
import { DEFAULT_HOST, DEFAULT_PROFILE, hostOf } from '../../machine/settings/host.ts';

/** A stored token whose names shells offer. */
export interface OfferedAccount extends Identity {
  /** The directory of its names. */
  readonly key: string;
  /** When the token was stored, as the settings say: another time is another token. */
  readonly stored: string;
}

/** What shells read to find the names of the account in use. */
export interface Places {
  readonly accounts: readonly OfferedAccount[];
  /** The settings file that it was made from. A shell that finds another one there offers nothing. */
  readonly config: string;
}

const VERSION = 'dnx 1';

/** The directory of the files for shells, in the cache directory. */
export const offeredDirectory = (cache: string): string => join(cache, 'completion');

/** Which account is where. */
export const placesFile = (cache: string): string => join(offeredDirectory(cache), 'places');

/** The settings file as it is; empty if there is none. */
export const configText = (directory: string): string => readText(join(directory, CONFIG_FILE)) ?? '';

/** The directory of an account of the index: `default@https://deploynix.io 1f…`. */
export const keyOf = (account: string): string => tokenFingerprint(account, '');

/** `\n@default\thttps://deploynix.io\t1f…`, which is followed by a tab. */
export const accountLine = ({ profile, host, key }: Omit<OfferedAccount, 'stored'>): string => `\n@${[profile, host, key].join('\t')}`;

/** Reads the file for shells. One that is broken or from another version is empty. */
export function placesIn(text: string | undefined): Places {
  const end = text?.indexOf('\n\n') ?? -1;
  const [version, ...lines] = text?.slice(0, end).split('\n') ?? [];
  if (text === undefined || end < 0 || version !== VERSION) return { accounts: [], config: '' };
  const accounts = lines.flatMap((line) => {
    const [profile, host, key, stored] = line.slice(1).split('\t');
    const isAccount = line.startsWith('@') && profile && host && key && stored;
    return isAccount ? [{ profile, host, key, stored }] : [];
  });
  return { accounts, config: text.slice(end + 2) };
}

/** Writes the file: the profile in use (`=`), the host of each profile (`+`), the accounts (`@`), and the settings file. */
export function placesText(config: Config, { accounts, config: text }: Places): string {
  const named = Object.keys(config.accounts ?? {}).map((name) => accountNamed(name).profile);
  const profiles = [...new Set([DEFAULT_PROFILE, ...Object.keys(config.profiles ?? {}), ...named])].filter(isPlain);
  const lines = [
    VERSION,
    `=${profiles.find((each) => each === (config.profile || DEFAULT_PROFILE)) ?? ''}`,
    ...profiles.flatMap((profile) => {
      const host = usualHost(config.profiles?.[profile]?.host);
      return host === undefined ? [] : [`+${profile}\t${host}`];
    }),
    ...accounts.filter(({ profile }) => isPlain(profile)).map((account) => `${accountLine(account).slice(1)}\t${account.stored}`),
  ];
  return `${lines.join('\n')}\n\n${text}`;
}

/** The accounts whose token is still the one that the settings name. */
export const current = (accounts: readonly OfferedAccount[], config: Config): readonly OfferedAccount[] =>
  accounts.filter((each) => config.accounts?.[accountName(each)]?.stored_at === each.stored);

/** Undefined for a host that cannot be used. */
function usualHost(host: string | undefined): string | undefined {
  try {
    return hostOf(host || DEFAULT_HOST);
  } catch {
    return undefined;
  }
}

/** Words that shells cannot mistake for something else in the file or on a command line. */
const isPlain = (name: string): boolean => /^[\w.@+:,][\w.@+:, -]*$/.test(name);
