import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { Crontab } from '../records.ts';
import { patternRule, textRule } from '../rules.ts';

const FIVE_CRON_FIELDS = /^[\d*/,A-Za-z-]+( +[\d*/,A-Za-z-]+){4}$/;

/** Cron jobs of a server. */
export const crontabs: SandboxOperation[] = crud({
  noun: 'crontab',
  path: '/servers/{server}/crontabs',
  ability: 'crontab',
  present: showing<Crontab>('id', 'command', 'frequency', 'user', 'status', 'created_at', 'updated_at'),
  fields: { command: textRule(1_000), frequency: patternRule(FIVE_CRON_FIELDS), user: textRule().optional() },
  fresh: () => ({ user: 'deploynix', status: 'active' }),
});
