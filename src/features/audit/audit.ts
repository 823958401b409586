import type { JsonObject } from '../../base/json.ts';
import type { Context } from '../../cli/language/command.ts';
import { backupsEndpoint } from '../../platform/follow/readers.ts';
import type { Target } from '../../platform/names/names.ts';
import { notFound } from '../../platform/names/unresolved.ts';
import { idOf } from '../token/token.ts';
import { backupTimes } from './checks/backups.ts';
import { differingKeys } from './checks/ssh-keys.ts';
import { powerfulTokens } from './checks/tokens.ts';
import { distinct, labeled } from './label.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { progressOf } from './progress.ts';
import { openReader, type Reader } from './reading.ts';
import { serverRules } from './rules.ts';
import { type Audited, auditServer } from './server.ts';

/** What an audit needs. */
export type Needs = Pick<Context, 'api' | 'clock' | 'progress' | 'tokens'>;

/** What an audit is about. */
export interface Scope {
  /** The only server to audit; undefined for all. */
  readonly server: Target | undefined;
  readonly backupDays: number;
}

/** What an audit found, and what it looked at. */
export interface Examination {
  readonly ledger: Ledger;
  readonly servers: readonly Audited[];
  /** True if every server was audited, so that a server that is not among them does not exist. */
  readonly whole: boolean;
}

/** Audits all servers, or one. Fails if the servers cannot be read. */
export async function examine(ctx: Needs, { server, backupDays }: Scope): Promise<Examination> {
  const ledger = openLedger();
  const reader = openReader(ctx, ledger);
  const whole = server === undefined;
  const records = distinct(await ctx.api.list<JsonObject>('GET /servers'));
  const wanted = labeled(records, 'server', (name) => {
    if (whole) ledger.unchecked({}, serverRules, { reason: `Deploynix lists a server ${name} without a usable id.` });
  }).filter(([{ id }]) => whole || id === server.id);
  if (!whole && wanted.length === 0) throw notFound('server', server.label, []);
  if (whole) await auditTokens(ctx, ledger, reader);
  const place = server ? { server } : {};
  const read = wanted.length === 0 ? [] : await reader.list(backupsEndpoint, place, ['database-backup-missing'], { type: 'database' });
  const audit = { ledger, reader, now: ctx.clock.now(), backupDays, backups: read && backupTimes(read), whole };
  const progress = progressOf(ctx, wanted.length);
  const servers: Audited[] = [];
  // One after the other, because the rate limit decides how long it takes.
  for (const [target, record] of wanted) {
    servers.push(await auditServer(record, target, audit));
    progress.next();
  }
  if (whole) compareKeys(servers, ledger, records.length);
  return { ledger, servers, whole };
}

async function auditTokens({ tokens }: Needs, ledger: Ledger, reader: Reader): Promise<void> {
  const rules = ['token-all-abilities'] as const;
  const found = await reader.list('GET /tokens', {}, rules);
  if (!found) return;
  const powerful = powerfulTokens(found);
  const held = await tokens.find();
  const own = held && idOf(held.token);
  // A token without an id may be any of them.
  if (own === undefined && powerful.length > 0)
    return ledger.unchecked({}, rules, {
      reason: 'It is unclear which of the tokens is the one in use.',
      fix: ['token', 'list', '--audit'],
    });
  ledger.checked({}, ...rules);
  for (const risk of powerful) risk.identity === own ? ledger.spare(risk) : ledger.risk(risk);
}

/** Compares the keys that could be read. A key that seems to be gone may be on a server that could not. */
function compareKeys(servers: readonly Audited[], ledger: Ledger, all: number): void {
  const read = servers.flatMap(({ keys }) => keys ?? []);
  if (read.length === all) ledger.checked({}, 'ssh-key-differs');
  for (const risk of differingKeys(read)) ledger.risk(risk);
}
