import { ulid } from 'ulid';
import { crud, showing } from '../crud.ts';
import { operation, type SandboxOperation } from '../operation.ts';
import type { EnvironmentVariable } from '../records.ts';
import { accepted } from '../response.ts';
import { patternRule, unique, verbatim } from '../rules.ts';
import { timestamp } from '../time.ts';

const path = '/servers/{server}/sites/{site}/environment-variables';
const LINE = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:"([^"]*)"|'([^']*)'|(.*?))\s*$/;

/** Environment variables of a site, and the import of the .env on its server. */
export const variableOperations: SandboxOperation[] = [
  ...crud({
    noun: 'variable',
    path,
    ability: 'site',
    writing: 'site:update',
    present: showing<EnvironmentVariable>('id', 'key', 'value', 'created_at', 'updated_at'),
    fields: { key: patternRule(/^[A-Za-z_]\w*$/), value: verbatim() },
    changeable: ['value'],
    check: ({ key }, { siblings }) => unique(siblings, 'key', key),
  }),
  operation(`POST ${path}/pull`, 'site:update', ({ state, now }, { site }) => {
    for (const [key, value] of parse(site.dotenv)) {
      const known = state.environment_variables.find((row) => row.site_id === site.id && row.key === key);
      if (known) Object.assign(known, { value, updated_at: timestamp(now) });
      else
        state.environment_variables.push({
          id: ulid(now),
          site_id: site.id,
          key,
          value,
          created_at: timestamp(now),
          updated_at: timestamp(now),
        });
    }
    return accepted('Environment variables imported from the server.');
  }),
];

function parse(dotenv: string): [string, string][] {
  return dotenv.split('\n').flatMap((line) => {
    const [, key, ...values] = LINE.exec(line) ?? [];
    return key === undefined ? [] : [[key, values.find((value) => value !== undefined) ?? ''] as [string, string]];
  });
}
