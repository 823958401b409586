import { expect, test } from 'vitest';
import type { Diagnosis } from '../../src/features/why/diagnosis.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';
import { Repository } from '../support/repository.ts';

const bed = perTest(openBed);
const web = perTest(() => openElsewhere((_, response) => response.end()));

test('in a clone, dnx why says what the failed release would have changed', async () => {
  const repository = Repository.create(bed.directory);
  repository.commit('Start', { 'composer.json': '{}' });
  const before = repository.head();
  repository.commit('Add invoices', {
    'composer.json': '{"require":{}}',
    'database/migrations/2026_01_01_000000_create_invoices.php': '<?php',
  });
  const [live, failed] = bed.sandbox.state.releases.filter(({ site_id }) => site_id === seeded.sites['api.example.com']).slice(-2);
  Object.assign(live ?? {}, { commit_hash: before });
  Object.assign(failed ?? {}, { commit_hash: repository.head() });
  const run = await bed.dnx(['why', 'api.example.com', '--url', web.url, '--json']);
  expect(run).toExit(0);
  const { changes } = run.json<Diagnosis>();
  expect(changes).toEqual({
    commits: [{ commit: repository.head(), subject: 'Add invoices' }],
    migrations: ['database/migrations/2026_01_01_000000_create_invoices.php'],
    dependencies: ['composer.json'],
  });
});
