/** The name of a session, which is as wide for every process: `agent-mww2n400-0002s-i00000`. `chance`: from 0 to 1. */
export function sessionName(kind: string, { now, pid, chance }: Readonly<Record<'now' | 'pid' | 'chance', number>>): string {
  const part = (number: number, width: number) => number.toString(36).padStart(width, '0');
  return [kind, part(now, 8), part(pid, 5), part(Math.floor(chance * 36 ** 6), 6)].join('-');
}

/** The name of a leased token: who looks at the list of tokens sees what it is, and until when. */
export const leaseName = (session: string, until: string): string => `dnx ${session} until ${until.replace(/\.\d+Z$/, 'Z')}`;

/** When a token with this name is to be revoked, in epoch ms; undefined for any other name. */
export function leaseEnd(name: string): number | undefined {
  const [, until = ''] = /^dnx (?:lease|agent)(?:-[\da-z]+)+ until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(name) ?? [];
  const ms = Date.parse(until);
  return Number.isNaN(ms) ? undefined : ms;
}
