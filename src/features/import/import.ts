import { join } from 'node:path';
import { type Detail, DnxError, type Next, usage } from '../../base/errors.ts';
import { grouped } from '../../base/matching.ts';
import { counted, visible } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { number, objectOf, words, yes } from '../../cli/language/shape.ts';
import { type Section, sections } from '../../cli/output/view.ts';
import type { Account } from './account.ts';
import { forge, organization } from './forge.ts';
import type { Platform } from './lists.ts';
import { mapAccount } from './map.ts';
import { ploi } from './ploi.ts';
import { readAccount } from './read.ts';
import { type ImportRecord, type LeftThing, RECORD_FILE, recordParts } from './record.ts';
import { filesOf, writeFiles } from './write.ts';

type ImportOptions = { readonly organization?: string | undefined } & Given<{
  server: readonly string[];
  as: readonly string[];
  dir: string;
  with_token: boolean;
  dry_run: boolean;
  force: boolean;
}>;

/** What was read and written, for scripts. */
export const importShape = objectOf({ ...recordParts, notes: words, things: number, written: yes, files: words });

/** The platforms to import from, with where an account is. Ploi has one for each token. */
const platforms = {
  forge: { platform: forge, find: organization },
  ploi: { platform: ploi, find: () => async () => ({ root: '', name: 'the account' }) },
};

/** `dnx import forge|ploi`: reads an account of another platform, and writes a state file, the variables of its sites, and a record. */
export async function importFrom(ctx: Context, from: keyof typeof platforms, options: ImportOptions) {
  const names = renames(options.as ?? []);
  const { platform, find } = platforms[from];
  const token = await tokenOf(ctx, platform, options.with_token === true);
  const { server: servers, dir, force = false, dry_run = false } = options;
  const read = { token, servers, host: ctx.world.env.DNX_IMPORT_HOST || undefined };
  const account = await readAccount(ctx, platform, read, find(options.organization));
  requireDistinct(account, names);
  const mapped = mapAccount(account, names);
  const { record } = mapped;
  const files = await writeFiles(ctx, filesOf(mapped), { ...(dir !== undefined && { dir }), force, dry_run });
  const things = account.things.length;
  const data = { ...record, notes: record.notes ?? [], things, written: !dry_run, files };
  return {
    view: sections(data, [], sectionsOf(record, things, files, dry_run)),
    exit: unreadError(account),
    ...(!dry_run && { next: nextSteps(dir) }),
  };
}

/** Names of servers differ in more than case: import.yml has them so. */
function requireDistinct({ things, platform }: Account, names: ReadonlyMap<string, string>): void {
  const servers = things.flatMap(({ kind, name }) => (kind === 'server' ? [name] : []));
  const unknown = [...names.keys()].find((name) => !servers.includes(name));
  if (unknown !== undefined) throw usage(`--as: ${platform} has no server '${visible(unknown)}' that is imported.`);
  const taken = servers.map((name) => names.get(name) ?? name);
  const keys = taken.map((name) => name.toLowerCase());
  const twice = taken.find((_, at) => keys.indexOf(keys[at] ?? '') !== at);
  if (twice !== undefined) throw usage(`Two servers would be '${visible(twice)}'.`, 'Rename one of them with --as.');
}

function nextSteps(dir: string | undefined): readonly Next[] {
  const file = dir === undefined ? [] : [join(dir, 'deploynix.yml')];
  return [{ command: ['apply', ...file, '--create', '--dry-run'], why: 'Once the servers are there, see what would be created with' }];
}

/** `OLD=NEW`, the names of servers. */
function renames(pairs: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.lastIndexOf('=');
    const [was, name] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at <= 0 || !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(name))
      throw usage(`--as '${visible(pair)}' is not OLD=NEW.`, 'For example: --as forest-hill=web-1');
    if (names.has(was) || [...names.values()].includes(name)) throw usage(`--as names '${visible(names.has(was) ? was : name)}' twice.`);
    names.set(was, name);
  }
  return names;
}

/** The token of a platform: from stdin or a prompt with --with-token, or of the environment, or from a prompt. It is not kept. */
async function tokenOf({ world, ask, stdin }: Context, { name, variable }: Platform, isGiven: boolean): Promise<string> {
  const isPiped = isGiven && world.stdin.isTTY !== true;
  const known = isGiven ? undefined : world.env[variable];
  if (!known && !isPiped && !ask.allowed)
    throw new DnxError('unauthenticated', `No token of ${name} given.`, {
      hint: `Set ${variable}, or pipe the token into dnx import ${name.toLowerCase()} --with-token. A token that may only read is enough.`,
    });
  const token = (known || (isPiped ? await stdin() : await ask.password(`Token of ${name}:`))).trim();
  if (token === '') throw usage(`The token of ${name} is empty.`);
  if (/[^\x21-\x7e]/.test(token)) throw usage(`This is not a token of ${name}: it contains whitespace or other characters.`);
  return token;
}

/** What people see: how much was moved, what was not and why, and what to look at. */
function sectionsOf(record: ImportRecord, things: number, files: readonly string[], isDry: boolean): readonly Section[] {
  const { moved, not_moved: left, unread, notes = [] } = record;
  const others = files.filter((name) => !name.startsWith('.env.'));
  const secrets = files.length - others.length;
  const wrote = [...others, ...(secrets === 0 ? [] : [counted(secrets, '.env file')])].join(', ');
  const did = files.length === 0 ? 'Everything is written already' : `${isDry ? 'Would write' : 'Wrote'} ${wrote}`;
  const counts = [...grouped([...moved, ...left], ({ what }) => what)].map(([what, all]): Detail => {
    const count = all.filter((one) => 'to' in one).length;
    return [counted(all.length, what), count === all.length ? 'moved' : count === 0 ? 'not moved' : `${count} moved`];
  });
  const alike = ({ what, why, instead = '' }: LeftThing) =>
    JSON.stringify([what, why, what === 'server' || left.length <= MOST_LINES ? instead : '']);
  const reasons = [...grouped(left, alike)].map(([, all]): Detail => {
    const [{ what, name, why, instead }] = all as [LeftThing];
    const words = [why, ...(instead === undefined ? [] : [all.length === 1 ? instead : `The first: ${instead}`])];
    return [all.length > 1 ? counted(all.length, what) : name === what ? what : `${what} ${name}`, words.join(' ')];
  });
  const lists = unread.map(({ what, server, site, why }): Detail => [[what, site ?? server].filter(Boolean).join(' of '), why]);
  return [
    { title: `${did} from ${counted(things, 'thing')} of ${record.account} at ${record.platform}`, details: counts },
    { title: `Not moved, and what to do instead (${RECORD_FILE} has each)`, details: reasons },
    { title: 'Not read', details: lists },
    { title: 'Look at', details: notes.map((note): Detail => ['', note]) },
  ].filter(({ details }, at) => at === 0 || details.length > 0);
}

const MOST_LINES = 40;

/** A list that was not read may hold something, so the import is not complete. */
function unreadError({ unread, platform }: Account): DnxError | undefined {
  if (unread.length === 0) return undefined;
  const scopes = [...new Set(unread.flatMap(({ scope }) => scope ?? []))];
  const isForbidden = scopes.length > 0 && unread.every(({ scope }) => scope !== undefined);
  return new DnxError(
    isForbidden ? 'forbidden' : 'partial',
    `${counted(unread.length, 'list')} of ${platform} could not be read, so something may be missing.`,
    {
      ...(scopes.length > 0 && { hint: `Use a token with the scopes ${scopes.join(', ')}, and import again with --force.` }),
    },
  );
}
