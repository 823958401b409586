import { constants } from 'node:os';
import { DnxError } from '../../../base/errors.ts';
import { bytes, quotedName } from '../../../base/text.ts';
import type { World } from '../../../machine/world.ts';
import { SSH_FAILED, sshFailure } from '../../remote/failure.ts';
import type { SiteOnMachine } from '../../remote/machine.ts';
import type { Credentials } from '../credentials.ts';
import { missingIn, reasonsIn } from './output.ts';

/** The database of a site, as ssh and its credentials reach it. */
export interface Source {
  readonly place: SiteOnMachine;
  readonly credentials: Credentials;
}

/** How a program on the server ended. */
interface Ended {
  readonly code: number;
  readonly stderr: string;
  /** What it had printed by then. */
  readonly bytes: number;
}

/** The error for a program on the server that failed. `act`: `dump`. */
export function remoteFailure(
  act: string,
  { place: { machine }, credentials }: Source,
  ended: Ended,
  home: Pick<World, 'home' | 'platform'>,
): DnxError {
  const { code, stderr } = ended;
  const server = machine.server.label;
  if (code === SSH_FAILED) {
    if (ended.bytes === 0) return sshFailure(stderr, machine, home);
    return new DnxError('network', `The connection to ${server} was lost after ${bytes(ended.bytes)}.`, { hint: 'Try again.' });
  }
  const missing = missingIn(stderr);
  if (missing !== undefined)
    return new DnxError('failed', `Could not find ${missing} on ${server}.`, {
      hint: `Install ${credentials.driver === 'mysql' ? 'mariadb-client or mysql-client' : 'postgresql-client'} there.`,
    });
  const what = `Could not ${act} ${quotedName(credentials.database)} on ${server}`;
  if (code > 128) return new DnxError('failed', `${what}: the program was killed (${signalName(code - 128)}).`);
  const reasons = reasonsIn(stderr, credentials.password);
  const first = reasons.find((each) => /error|denied|fail|fatal|unknown/i.test(each)) ?? reasons.at(-1);
  return new DnxError('failed', `${what}: ${first ?? `the program ended with exit code ${code}.`}`, {
    details: reasons
      .filter((each) => each !== first)
      .slice(0, 5)
      .map((each) => [server, each] as const),
    hint: /denied|authentication failed/i.test(first ?? '') ? `The credentials are those of ${credentials.source}.` : undefined,
  });
}

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, each]) => each === number)?.[0] ?? `signal ${number}`;
