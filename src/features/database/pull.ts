import { usage } from '../../base/errors.ts';
import { quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { done } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type DatabaseSource, readDatabase } from './credentials.ts';
import { dumpOf } from './dump.ts';
import type { Client } from './local-server.ts';
import { askRemote } from './remote-client.ts';
import { confirmReplacement, type LocalTarget, openTarget, replaceLocal, type TargetOptions } from './replace.ts';
import { identityQueries } from './swap/engine.ts';
import { checkRowOptions, type RowOptions, rowlessTables, suggestRowless } from './tables.ts';

interface DbPullOptions extends TargetOptions, RowOptions {
  readonly user: string | undefined;
}

/** `dnx db pull`: replaces a local database by a copy of that of a site. */
export async function pull(ctx: Context, targets: Targets, options: DbPullOptions) {
  checkRowOptions(options);
  const target = await openTarget(ctx, options);
  const { client, engine, names } = target;
  const source = await readDatabase(ctx, targets, options.user);
  const { place } = source;
  const { database } = source.credentials;
  const server = place.machine.server.label;
  requireSameDriver(source, client);
  ctx.progress.spin('Comparing the databases');
  const here = await engine.identity();
  const there = await askRemote(ctx, source, identityQueries[client.local.driver]);
  requireOther(source, target, here === there);
  const asks = ctx.ask.allowed && [options.confirm, options.exclude_table_data, options.only].every((item) => item === undefined);
  const rowless = asks ? await suggestRowless(ctx, source) : await rowlessTables(ctx, source, options);
  await confirmReplacement(ctx, target, `${quotedName(database)} on ${server}`);
  const { contents, size, bytes, ms } = await replaceLocal(ctx, target, {
    step: `Copying ${quotedName(database)} to ${quotedName(names.target)}`,
    dump: (tally) => dumpOf(ctx, source, { tally, rowless: rowless.words }),
    database,
    author: server,
    trusting: '--trust-server',
    unlike: client.local.driver === 'mysql' && makerOf(here) !== makerOf(there) ? differing(source, there, client, here) : undefined,
  });
  const { host, port, socket = null } = client.local;
  return done(
    `Copied ${quotedName(database)} from ${server} to ${quotedName(names.target)} (${size}) in ${duration(ms)}`,
    {
      site: place.domain,
      database,
      local_database: names.target,
      host,
      port,
      socket,
      tables: contents?.tables ?? 0,
      without_rows: rowless.names,
      bytes,
      duration_s: Math.round(ms / 1_000),
    },
    rowless.names.length > 0 ? [['without rows', rowless.names.map(quotedName).join(', ')]] : [],
  );
}

const makerOf = (identity: string): string => (/MariaDB/i.test(identity) ? 'MariaDB' : 'MySQL');

const differing = ({ place }: DatabaseSource, there: string, { local }: Client, here: string): string =>
  `${place.domain} uses ${makerOf(there)}, but ${local.source} names a server of ${makerOf(here)}, which does not know all of its SQL. Use ${makerOf(there)} here, too.`;

function requireSameDriver({ credentials, place }: DatabaseSource, { local }: Client): void {
  if (credentials.driver === local.driver) return;
  const name = { mysql: 'MySQL or MariaDB', pgsql: 'PostgreSQL' };
  throw usage(`${place.domain} uses ${name[credentials.driver]}, but ${local.source} names a database of ${name[local.driver]}.`);
}

/** Refuses to replace the database of the site itself, which a tunnel may lead to. */
function requireOther(source: DatabaseSource, { client, names }: LocalTarget, sameServer: boolean): void {
  if (!sameServer || ![names.target, names.incoming, names.outgoing].includes(source.credentials.database)) return;
  throw usage(
    `${client.local.source} names the database of ${source.place.domain} itself. Nothing was changed.`,
    'Use --into for another file.',
  );
}
