/** The name of a leased token: who looks at the list of tokens sees what it is, and until when. */
export const leaseName = (session: string, until: string): string => `dnx ${session} until ${until.replace(/\.\d+Z$/, 'Z')}`;

/** When a token with this name is to be revoked, in epoch ms; undefined for any other name. */
export function leaseEnd(name: string): number | undefined {
  const [, until = ''] = /^dnx (?:lease|agent)(?:-[\da-z]+)+ until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(name) ?? [];
  const ms = Date.parse(until);
  return Number.isNaN(ms) ? undefined : ms;
}
