import { crud, showing } from '../crud.ts';
import type { SandboxOperation } from '../operation.ts';
import type { Redirect } from '../records.ts';
import { oneOfNumbers, textRule, unique } from '../rules.ts';

/** Nginx redirects of a site. */
export const redirects: SandboxOperation[] = crud({
  noun: 'redirect',
  path: '/servers/{server}/sites/{site}/redirects',
  ability: 'redirect',
  present: showing<Redirect>('id', 'from', 'to', 'type', 'created_at', 'updated_at'),
  fields: { from: textRule(2_000), to: textRule(2_000), type: oneOfNumbers(301, 302).optional() },
  fresh: () => ({ type: 302 }),
  check: ({ from }, { siblings }) => unique(siblings, 'from', from),
});
