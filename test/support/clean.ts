import { DAY, iso, one } from './audited.ts';
import { type Bed, openBed } from './dnx.ts';

/** A bed in which an audit finds nothing. */
export interface CleanBed extends Bed {
  /** Makes it clean again. */
  reset(): void;
}

/** Opens a clean bed without a rate limit. */
export async function openCleanBed(): Promise<CleanBed> {
  const bed = await openBed();
  makeClean(bed);
  const clean = structuredClone(bed.sandbox.state);
  const reset = () => {
    bed.sandbox.faults.clear();
    Object.assign(bed.sandbox.state, structuredClone(clean));
  };
  return { ...bed, reset };
}

/** Removes everything from the seed that an audit finds. docs.example.com stays suspended, static and without a certificate. */
function makeClean({ sandbox: { state }, clock }: Pick<Bed, 'sandbox' | 'clock'>): void {
  const now = clock.now();
  for (const site of state.sites.filter(({ type }) => type !== 'static'))
    Object.assign(site, { status: 'active', zero_downtime_enabled: true });
  const model = one(state.certificates);
  state.certificates = [
    ...state.certificates.filter(({ server_id, status }) => server_id !== null || status === 'failed'),
    ...state.sites
      .filter(({ type }) => type !== 'static')
      .map((site, index) => ({
        ...model,
        id: `01JQ8Z4T9G00000000CERT000${index}`,
        site_id: site.id,
        domain: site.domain,
        expires_at: iso(now + 60 * DAY),
      })),
  ];
  for (const each of [...state.queues, ...state.daemons]) each.status = 'running';
  const backup = one(state.backups, ({ type, status }) => type === 'database' && status === 'completed');
  state.backups = state.databases.map(({ id, server_id }, index) => ({
    ...backup,
    id: `01JQ8Z4T9G00000000BACK000${index}`,
    database_id: id,
    server_id,
    completed_at: iso(now - DAY),
    created_at: iso(now - DAY),
  }));
  state.ssh_keys = state.ssh_keys.filter(({ name }) => name === 'ada@laptop');
  for (const token of state.tokens.filter(({ id }) => id !== 1)) token.abilities = ['site:read'];
}
