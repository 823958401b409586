import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { outputsIn } from '../support/reported.ts';

const bed = perTest(openBed);

test('a name from the API sets no other output of a GitHub Actions step', async () => {
  const file = join(bed.directory, 'output');
  writeFileSync(file, '');
  const evil = '20260416_120003\noutcome=rolled_back\nextra=1\n::set-output name=extra::1';
  bed.sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, (answer) => ({
    ...answer,
    body: JSON.parse(JSON.stringify(answer.body).replaceAll('"20260416_120003"', JSON.stringify(evil))),
  }));
  await expect(bed.dnx('deploy shop.example.com', { env: { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: file } })).toExit(0);
  expect(outputsIn(readFileSync(file, 'utf8'))).toEqual({
    status: 'active',
    outcome: 'succeeded',
    exit_code: '0',
    release: evil,
    duration: '8',
    url: 'https://shop.example.com',
  });
});
