import { join } from 'node:path';
import { attempt } from '../../base/errors.ts';
import { fromJson, isObject, type JsonObject } from '../../base/json.ts';
import { isPlain, wordOf } from '../../base/text.ts';
import { DAY } from '../../base/time.ts';
import { makeDirectory, readJson, writeJson } from '../../machine/files/text-file.ts';
import { accountName } from '../../machine/settings/config.ts';
import type { Settings } from '../../machine/settings/settings.ts';
import { sameDomain } from '../../platform/names/names.ts';
import type { OfferedWord } from './offer.ts';

/** The Artisan commands of sites, in a file for all accounts, as completion offers them. */

/** How old a list may be before the next Artisan command reads it again, in ms. */
const FRESH_MS = DAY;

const MOST_SITES = 20;
const MOST_COMMANDS = 1_000;

interface ListedSite {
  readonly id: string;
  readonly domain: string;
  readonly server: string;
}

type Account = Pick<Settings, 'directories' | 'host' | 'profile'>;

const fileOf = ({ directories }: Account): string => join(directories.cache, 'artisan.json');
const keyOf = (account: Account, { id }: Pick<ListedSite, 'id'>): string => `${accountName(account)} ${id}`;

function readLists(account: Account): JsonObject {
  // It is only a cache.
  return attempt(() => readJson<JsonObject>(fileOf(account))) ?? {};
}

/** True if the commands of a site were read within a day. */
export function hasArtisanList(account: Account, site: ListedSite, now: number): boolean {
  const list = readLists(account)[keyOf(account, site)];
  const age = isObject(list) ? now - Date.parse(wordOf(list.read)) : Number.NaN;
  return age >= 0 && age < FRESH_MS;
}

/** Keeps what `artisan list --format=json` printed, if it is a list. */
export function keepArtisanList(account: Account, site: ListedSite, printed: string, now: number): void {
  const commands = commandsIn(printed);
  if (commands.length === 0) return;
  const key = keyOf(account, site);
  const others = Object.entries(readLists(account)).filter(([each]) => each !== key);
  const list = { read: new Date(now).toISOString(), ...site, commands: Object.fromEntries(commands) };
  // Otherwise, completion offers fewer words.
  attempt(() => {
    makeDirectory(account.directories.cache);
    writeJson(fileOf(account), Object.fromEntries([[key, list], ...others].slice(0, MOST_SITES)));
  });
}

/** The names and descriptions, as far as a shell shows them as they are. PHP may have printed warnings before. */
function commandsIn(printed: string): readonly (readonly [name: string, description: string])[] {
  const list = attempt(() => fromJson(printed.slice(Math.max(printed.indexOf('{'), 0))));
  const commands = isObject(list) && Array.isArray(list.commands) ? list.commands.filter(isObject) : [];
  return commands
    .filter(({ hidden, name }) => hidden !== true && /^[\w.:-]{1,100}$/.test(wordOf(name)) && !wordOf(name).startsWith('-'))
    .slice(0, MOST_COMMANDS)
    .map(({ name, description }) => [wordOf(name), isPlain(wordOf(description)) ? wordOf(description).slice(0, 100) : '']);
}

/** The Artisan commands of the site that a word names, if they were read. */
export function artisanCommands(account: Account, word: string): readonly OfferedWord[] {
  const accountPrefix = `${accountName(account)} `;
  const [server, domain] = word.includes('/') ? word.split('/', 2) : [undefined, word];
  const list = Object.entries(readLists(account)).find(
    ([key, siteList]) =>
      key.startsWith(accountPrefix) &&
      isObject(siteList) &&
      (siteList.id === word || sameDomain(wordOf(siteList.domain), domain ?? '')) &&
      (server === undefined || siteList.server === server),
  )?.[1];
  if (!isObject(list) || !isObject(list.commands)) return [];
  return Object.entries(list.commands).map(([value, help]) => ({ value, help: wordOf(help) }));
}
