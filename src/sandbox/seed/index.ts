import { STATE_VERSION, type State } from '../state.ts';
import { calendar } from './ids.ts';
import { organizationRows } from './organization.ts';
import { serverRows } from './servers.ts';
import { siteRows } from './sites.ts';

/** A realistic organization at `now` (epoch ms); only its timestamps vary. */
export function seed(now: number): State {
  const days = calendar(now);
  const organization = organizationRows(days);
  return {
    version: STATE_VERSION,
    fail_deploys: false,
    plan: { name: 'Professional', api_access: true, max_servers: 10 },
    next_token_id: organization.tokens.length + 1,
    ...organization,
    ...serverRows(days),
    ...siteRows(days),
    deployments: [],
    due: [],
  };
}
