import { cancelled, DnxError } from '../../base/errors.ts';
import { oneLine, quotedName } from '../../base/text.ts';
import { duration } from '../../base/time.ts';
import type { Context, GivenConsent } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import { listOf, nullable, number, objectOf, type Printed, word } from '../../cli/language/shape.ts';
import { columns, done, rows } from '../../cli/output/view.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type DatabaseSource, readDatabase } from './credentials.ts';
import { askObjects, askRemote } from './remote-client.ts';

/** A connection to a database and what it runs, for scripts. */
export const processShape = objectOf({
  id: number,
  user: word,
  /** How long the query runs, or the transaction or the connection is idle. */
  time_s: nullable(number),
  state: word,
  /** The connections that it waits for; null if the account cannot see this. */
  waiting_on: nullable(listOf(number)),
  query: nullable(word),
});
type DatabaseProcess = Printed<typeof processShape>;

const SHOWN = 160;

const processColumns = columns<DatabaseProcess>(
  'id',
  'user',
  { key: 'time_s', title: 'Time', cell: ({ time_s }) => (time_s === null ? undefined : duration(time_s * 1_000)) },
  'state',
  { key: 'waiting_on', cell: ({ waiting_on }) => waiting_on?.join(', ') },
  { key: 'query', wrap: true, cell: ({ query }) => query && shortened(query) },
);

const shortened = (query: string): string => {
  const line = oneLine(query);
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
};

/** `dnx db ps`: the connections to the database of a site, those that run something first. */
export async function listProcesses(ctx: Context, targets: Targets, { user }: Given<{ user: string }>) {
  const source = await readDatabase(ctx, targets, user);
  ctx.progress.spin(`Reading the connections of ${quotedName(source.credentials.database)}`);
  return rows(await processesOf(ctx, source), processColumns, `Nobody else uses ${quotedName(source.credentials.database)}.`);
}

const processesOf = (ctx: Context, source: DatabaseSource) => askObjects<DatabaseProcess>(ctx, source, queries[source.credentials.driver]);

type KillOptions = Given<{ user: string; connection: boolean }> & { readonly id: readonly string[] };

/** `dnx db kill`: ends queries or connections, each after it was found to be there. */
export async function kill(ctx: Context, targets: Targets, { id: ids, user, connection = false }: KillOptions, { yes }: GivenConsent) {
  const source = await readDatabase(ctx, targets, user);
  const there = `${quotedName(source.credentials.database)} on ${source.place.machine.server.label}`;
  ctx.progress.spin(`Reading the connections of ${there}`);
  const found = await processesOf(ctx, source);
  ctx.progress.done();
  const wanted = [...new Set(ids)].map((id) => ({ id, label: id, running: found.find((item) => String(item.id) === id) }));
  const present = wanted.flatMap(({ running }) => running ?? []);
  if (!yes && present.length > 0) {
    const what = present.map((item) => `${item.id} (${described(item)})`).join(', ');
    if (!(await ctx.ask.confirm(`${connection ? 'Close connection' : 'Stop query'} ${what}?`))) throw cancelled();
  }
  const end = async ({ id, running }: (typeof wanted)[number]) => {
    if (!running) throw gone(id, there);
    if (!connection && running.state.startsWith('idle'))
      throw new DnxError('failed', `Connection ${id} runs no query: it is ${running.state}.`, { hint: 'Use --connection to close it.' });
    const ended = await askRemote(ctx, source, ending(source, id, connection)).catch((error: unknown) => {
      throw refusal(error, id, there);
    });
    if (ended === 'f' || ended === '') throw gone(id, there);
    return done(`${connection ? 'Closed connection' : 'Stopped query'} ${id} of ${there} (${described(running)})`, {
      ...running,
      connection,
    });
  };
  const [only] = wanted;
  return only && wanted.length === 1 ? end(only) : ctx.each(wanted, end, 1, 'connection');
}

const described = ({ user, time_s, query, state }: DatabaseProcess): string =>
  [oneLine(user), time_s === null ? undefined : duration(time_s * 1_000), query ? shortened(query) : state].filter(Boolean).join(', ');

const gone = (id: string, there: string): DnxError =>
  new DnxError('not_found', `${there} has no connection ${id}.`, { hint: 'It may have ended.' });

function refusal(error: unknown, id: string, there: string): unknown {
  if (!(error instanceof DnxError)) return error;
  if (/ERROR 1094 /.test(error.message)) return gone(id, there);
  return /ERROR 1095 |must be a |permission denied/i.test(error.message)
    ? new DnxError('forbidden', error.message, { hint: 'It belongs to another account of the database.' })
    : error;
}

function ending({ credentials: { driver } }: DatabaseSource, id: string, connection: boolean): string {
  if (driver === 'mysql') return `KILL ${connection ? 'CONNECTION' : 'QUERY'} ${id};\nSELECT 't';`;
  return `SELECT pg_${connection ? 'terminate' : 'cancel'}_backend(pid) FROM pg_stat_activity
WHERE pid = ${id} AND datname = current_database() AND ${CLIENTS};`;
}

/** What MySQL and MariaDB tell only to accounts with PROCESS: who blocks whom (not MySQL 8), and who has begun a transaction. */
const locks = {
  waiting: `(SELECT JSON_EXTRACT(CONCAT('[', COALESCE(GROUP_CONCAT(DISTINCT b.trx_mysql_thread_id), ''), ']'), '$')
FROM information_schema.INNODB_LOCK_WAITS JOIN information_schema.INNODB_TRX r ON r.trx_id = requesting_trx_id
JOIN information_schema.INNODB_TRX b ON b.trx_id = blocking_trx_id WHERE r.trx_mysql_thread_id = p.ID)`,
  open: 'EXISTS (SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = p.ID)',
};

/** In PostgreSQL, what is not the server's own. The type of a connection of another account is hidden. */
const CLIENTS = "usesysid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'";

/** Objects in JSON, a line each. Statements are cut. */
const queries = {
  mysql: `SET SESSION sql_mode = '';
SET @may = EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES
WHERE PRIVILEGE_TYPE = 'PROCESS' AND GRANTEE = CONCAT("'", REPLACE(CURRENT_USER(), '@', "'@'"), "'"));
SET @knows = @may AND EXISTS (SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'INNODB_LOCK_WAITS');
SET @dnx = CONCAT("SELECT JSON_OBJECT('id', p.ID, 'user', p.USER, 'time_s', p.TIME, 'state', IF(p.COMMAND = 'Sleep', IF(",
IF(@may, "${locks.open}", 'FALSE'), ", 'idle in transaction', 'idle'), COALESCE(NULLIF(p.STATE, ''), p.COMMAND)), 'waiting_on', ",
IF(@knows, "${locks.waiting}", 'NULL'), ", 'query', LEFT(p.INFO, 1000)) FROM information_schema.PROCESSLIST p
WHERE p.ID <> CONNECTION_ID() AND COALESCE(p.DB, DATABASE()) = DATABASE() AND p.USER <> 'system user' AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump')
ORDER BY p.COMMAND = 'Sleep', p.TIME DESC, p.ID");
PREPARE dnx FROM @dnx;
EXECUTE dnx;`,
  pgsql: `SELECT json_build_object('id', pid, 'user', usename,
'time_s', floor(extract(epoch FROM clock_timestamp() - CASE state WHEN 'active' THEN query_start ELSE coalesce(xact_start, state_change) END)),
'state', coalesce(state, 'unknown'), 'waiting_on', array_to_json(pg_blocking_pids(pid)), 'query', CASE state WHEN 'idle' THEN NULL ELSE left(query, 1000) END)
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${CLIENTS}
ORDER BY state <> 'active', query_start;`,
} as const;
