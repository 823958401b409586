import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { said } from '../support/executable.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { openSilence, stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { leading } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx ssh and signals');

const SITE = ownDomain('signals');

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.shop(SITE, { releases: ['20260102_000000'] });
});
afterAll(() => bed?.close());

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

describe.skipIf(reason !== undefined)('a signal', () => {
  const cases = signals.flatMap(([signal, code]) => leading(['web-1', SITE], 1).map((target) => [signal, target, code] as const));
  test.each(cases)('%s ends ssh to %s and exits %i', async (signal, target, code) => {
    const child = bed.dnx(['ssh', target, '--', 'sh', '-c', 'echo ready >&2; exec sleep 60']);
    await said(child, 'ready');
    child.kill(signal);
    await expect(child).toExit(code, { stdout: '', stderr: 'ready\n' });
  });

  test.each(leading(signals, 1))('%s ends an ssh that connects to nobody', async (signal, code) => {
    const listener = await openSilence(bed.sshd);
    const child = bed.dnx(['ssh', 'web-1', '--', 'true'], { env: { PATH: listener.path } });
    await listener.connected;
    child.kill(signal);
    const ran = await child;
    await listener.close();
    expect(ran).toExit(code, { stdout: '' });
  });

  test.each(leading(signals, 1))('a second %s ends dnx and an ssh that ignored the first', async (signal, code) => {
    const path = stubSsh(
      bed.sshd,
      `trap 'n=x$n; echo "$n." >&2; [ "$n" = xx ] && exit 4' INT TERM HUP; echo $$ >&2; echo ready >&2; while :; do sleep 0.02; done`,
    );
    const child = bed.dnx(['ssh', 'web-1'], { env: { PATH: path } });
    await said(child, 'ready');
    child.kill(signal);
    await said(child, 'x.');
    child.kill(signal);
    const { exitCode, stderr } = await child;
    expect(exitCode).toBe(code);
    const [ssh = ''] = stderr.split('\n');
    // A zombie has none.
    await vi.waitFor(() => expect(existsSync(`/proc/${ssh}/exe`)).toBe(false));
  });
});
