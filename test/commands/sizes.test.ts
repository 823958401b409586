import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const bed = perTest(openBed);

test.each([
  [{ name: 'CX32' }, 'CX32 (cx32)'],
  [{ name: 'cx32' }, 'cx32'],
  [{ name: '4 vCPU, 8 GB' }, 'cx32 (4 vCPU, 8 GB)'],
  [{ name: 'CX32', vcpus: 4, memory: 8192, disk: 80, price_monthly: 6.8, currency: 'EUR' }, 'cx32 (4 vCPU, 8 GB, 80 GB disk, €6.80/mo)'],
  [{ cores: '4', ram: 8, storage: '80 GB NVMe', price: { monthly: '6.80', currency: 'USD' } }, 'cx32 (4 vCPU, 8 GB, 80 GB NVMe, $6.80/mo)'],
  [{ cpu: 1, memory: 512, price_hourly: 0.0104, currency: 'CHF' }, 'cx32 (1 vCPU, 0.5 GB, 0.0104 CHF/h)'],
  [{ memory: '16 GB', price: 12 }, 'cx32 (16 GB, 12.00)'],
  [{ price_monthly: 'free' }, 'cx32 (free)'],
  [{ price: null, vcpus: {}, memory: [] }, 'cx32'],
])('server create offers the size %j as %s', async (size, label) => {
  bed.sandbox.faults.always({ path: '/providers/{provider}/sizes' }, { status: 200, body: { data: [{ id: 'cx32', ...size }] } });
  const run = await bed.dnx('server create web-3 --provider hetzner --credential-id 1 --region fsn1', {
    keys: keys.interrupt,
    columns: 100,
    env: { NO_COLOR: '1' },
  });
  expect(run.stderr).toMatch(/\? Size:/);
  expect(run.stderr).toContain(`❯ ${label}`);
  expect(run.stderr).not.toContain(`❯ ${label} (`);
  expect(run).toExit(130);
});
