import { duration, rest } from '../../cli/language/options.ts';

/** The endpoints of every lease. */
export const leaseCalls = ['POST /tokens', 'GET /tokens', 'DELETE /tokens/{token}'] as const;

/** The options of every lease. */
export const leaseOptions = (ttl: string) => ({
  ttl: { ...duration(`Revoke the token after this long, at most 24h (default ${ttl})`), least: 1 },
  command: rest('Command to run'),
});
