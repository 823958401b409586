import { type Detail, DnxError, type Next, usage } from '../../base/errors.ts';
import { grouped } from '../../base/matching.ts';
import { counted, visible } from '../../base/text.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { listOf, number, objectOf, type Printed, word, words, yes } from '../../cli/language/shape.ts';
import { type Section, sections } from '../../cli/output/view.ts';
import type { Account } from './account.ts';
import { readForge } from './forge.ts';
import { mapAccount } from './map.ts';
import { type ImportRecord, type LeftThing, RECORD_FILE } from './record.ts';
import { filesOf, writeFiles } from './write.ts';

type ImportOptions = Given<{
  organization: string;
  server: readonly string[];
  as: readonly string[];
  dir: string;
  with_token: boolean;
  dry_run: boolean;
  force: boolean;
}>;

const place = { server: word, site: word };

const record = {
  platform: word,
  account: word,
  servers: listOf(objectOf({ name: word, was: word }, { address: word, port: number })),
  sites: listOf(objectOf({ domain: word, server: word, user: word, directory: word }, { database: word })),
  moved: listOf(objectOf({ what: word, name: word, to: word }, place)),
  not_moved: listOf(objectOf({ what: word, name: word, why: word }, { ...place, instead: word })),
  unread: listOf(objectOf({ what: word, why: word }, place)),
};
const recordShape = objectOf(record);

/** What was read and written, for scripts. */
export const importShape = objectOf({ ...record, notes: words, things: number, written: yes, files: words });

/** `dnx import forge`: reads an organization of Forge, and writes a state file, the variables of its sites, and a record. */
export async function importForge(ctx: Context, options: ImportOptions) {
  const names = renames(options.as ?? []);
  const token = await forgeToken(ctx, options.with_token === true);
  const { organization, server: servers } = options;
  const account = await readForge(ctx, { token, organization, servers, host: ctx.world.env.DNX_FORGE_HOST || undefined });
  const unknown = [...names.keys()].find((name) => !account.things.some((thing) => thing.kind === 'server' && thing.name === name));
  if (unknown !== undefined) throw usage(`--as: ${account.platform} has no server '${visible(unknown)}' that is imported.`);
  const taken = account.things.flatMap(({ kind, name }) => (kind === 'server' ? (names.get(name) ?? name) : []));
  const twice = taken.find((name, at) => taken.indexOf(name) !== at);
  if (twice !== undefined) throw usage(`Two servers would be '${visible(twice)}'.`, 'Rename one of them with --as.');
  return imported(ctx, account, names, options);
}

async function imported(ctx: Context, account: Account, names: ReadonlyMap<string, string>, options: ImportOptions) {
  const mapped = mapAccount(account, names);
  const { record } = mapped;
  const { dir, force, dry_run } = options;
  const files = await writeFiles(ctx, filesOf(mapped), {
    ...(dir !== undefined && { dir }),
    ...(force && { force }),
    ...(dry_run && { dry_run }),
  });
  // JSON leaves out what is undefined.
  const data = {
    ...(record as Printed<typeof recordShape>),
    notes: record.notes ?? [],
    things: account.things.length,
    written: dry_run !== true,
    files,
  };
  return {
    view: sections(data, [], sectionsOf(record, account.things.length, files, dry_run === true)),
    exit: unreadError(account),
    ...(!dry_run && { next: nextSteps(dir) }),
  };
}

const nextSteps = (dir: string | undefined): readonly Next[] => [
  {
    command: ['apply', ...(dir === undefined ? [] : [`${dir.replace(/\/$/, '')}/deploynix.yml`]), '--create', '--dry-run'],
    why: 'Once the servers are there, see what would be created with',
  },
];

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

/** The token of Forge: from stdin or a prompt with --with-token, or of the environment, or from a prompt. It is not kept. */
async function forgeToken({ world, ask, stdin }: Context, isGiven: boolean): Promise<string> {
  const isPiped = isGiven && world.stdin.isTTY !== true;
  const known = isGiven ? undefined : world.env.FORGE_TOKEN;
  if (!known && !isPiped && !ask.allowed)
    throw new DnxError('unauthenticated', 'No token of Forge given.', {
      hint: 'Set FORGE_TOKEN, or pipe the token into dnx import forge --with-token. A token that may only read is enough.',
    });
  const token = (known || (isPiped ? await stdin() : await ask.password('Token of Forge:'))).trim();
  if (token === '') throw usage('The token of Forge is empty.');
  if (/[^\x21-\x7e]/.test(token)) throw usage('This is not a token of Forge: it contains whitespace or other characters.');
  return token;
}

/** What people see: how much was moved, what was not and why, and what to look at. */
function sectionsOf(record: ImportRecord, things: number, files: readonly string[], isDry: boolean): readonly Section[] {
  const { moved, not_moved: left, unread, notes = [] } = record;
  const secrets = files.filter((name) => name.startsWith('.env.')).length;
  const others = files.filter((name) => !name.startsWith('.env.'));
  const wrote =
    files.length === 0
      ? 'Everything is written already'
      : `${isDry ? 'Would write' : 'Wrote'} ${[...others, ...(secrets === 0 ? [] : [counted(secrets, '.env file')])].join(', ')}`;
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
  return [
    { title: `${wrote} from ${counted(things, 'thing')} of ${record.account} at ${record.platform}`, details: counts },
    ...(reasons.length === 0 ? [] : [{ title: `Not moved, and what to do instead (${RECORD_FILE} has each)`, details: reasons }]),
    ...(unread.length === 0
      ? []
      : [
          {
            title: 'Not read',
            details: unread.map(({ what, server, site, why }): Detail => [[what, site ?? server].filter(Boolean).join(' of '), why]),
          },
        ]),
    ...(notes.length === 0 ? [] : [{ title: 'Look at', details: notes.map((note): Detail => ['', note]) }]),
  ];
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
