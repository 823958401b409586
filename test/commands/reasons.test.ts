import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type ErrorReason, errorReasons } from '../../src/base/errors.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leasing } from '../support/leased.ts';

const bed = perTest(openBed);

interface Case {
  readonly line: string;
  readonly before?: () => unknown;
  readonly options?: () => RunOptions;
  /** Runs in the session of this line. */
  readonly session?: string;
}

const UPDATE = 'server update web-1 --name web-9';
const fault = (message: string) => () => void bed.sandbox.faults.next({ method: 'GET' }, { status: 403, body: { message } });
const run = async (line: string) => expect((await bed.dnx(line)).code).toBe(0);

const cases: Readonly<Record<ErrorReason, Case>> = {
  ability_missing: { line: 'server list', options: () => ({ env: { DNX_TOKEN: bed.sandbox.mint(['site:read']) } }) },
  role_insufficient: { line: 'server list', before: fault('This action is unauthorized.') },
  subscription_insufficient: { line: 'server list', before: fault('Upgrade your plan.') },
  token_rejected: { line: 'server list', options: () => ({ env: { DNX_TOKEN: '1|nothing' } }) },
  signed_out: { line: 'server list', options: () => ({ env: { DNX_TOKEN: '' } }) },
  confirmation_missing: { line: 'server restart web-1' },
  name_to_type: { line: 'server delete web-1' },
  person_required: { line: 'server delete web-1 --confirm web-1', session: 'agent run' },
  terminal_missing: { line: 'login', options: () => ({ env: { DNX_TOKEN: '' } }) },
  target_missing: { line: 'daemon list' },
  name_unknown: { line: 'server show nothing' },
  name_ambiguous: { line: 'site show staging.example.com' },
  host_unreachable: { line: 'server list --host http://127.0.0.1:9' },
  answer_lost: { line: 'server restart web-1 --yes', before: () => void bed.sandbox.faults.next({ method: 'POST' }, 'drop-after') },
  guard_stopped: { line: 'deploy shop.example.com --guard' },
  deployment_running: {
    line: 'deploy shop.example.com --if-running fail',
    before: () => bed.sandbox.deployElsewhere(seeded.sites['shop.example.com']),
  },
  changed_on_both_sides: {
    line: 'env push .env.shop --site shop.example.com --yes',
    before: () => writeFileSync(join(bed.directory, '.env.shop'), 'APP_URL=https://other.example\n'),
  },
  plan_moved: {
    line: 'apply plan.json --yes',
    before: async () => {
      await run(`${UPDATE} --dry-run --out plan.json`);
      await run(UPDATE.replace('web-9', 'web-8'));
    },
  },
  plan_invalid: { line: 'apply plan.json --yes', before: () => writeFileSync(join(bed.directory, 'plan.json'), '{}') },
  change_unknown: {
    line: 'undo --yes',
    before: async () => {
      bed.sandbox.faults.next({ method: 'POST' }, 'drop-after');
      await expect(bed.dnx('server restart web-1 --yes')).toExit(13);
    },
  },
  undo_impossible: { line: 'undo --yes', before: () => run('server restart web-1 --yes') },
};

const seen = new Set<string>();

test.each(Object.entries(cases))('%s', async (reason, { line, before, options, session }) => {
  await before?.();
  let stderr = '';
  const work = async (inside: (words: string) => Promise<Run>) => {
    stderr = (await inside(`${line} --json`)).stderr;
  };
  if (session) await expect(leasing(bed, session, work)).toExit(0);
  else await work((words) => bed.dnx(words, options?.()));
  const { error } = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as { error: { reason: string; human: boolean } };
  expect(error).toMatchObject({ reason, human: errorReasons[reason as ErrorReason] });
  seen.add(reason);
});

test('an error without a closer reason has its code', async () => {
  const usage = await bed.dnx('server list --limit x --json');
  expect(JSON.parse(usage.stderr)).toMatchObject({ error: { code: 'usage', reason: 'usage', human: false } });
  const readOnly = await bed.dnx(`${UPDATE} --json`, { env: { DNX_READ_ONLY: '1' } });
  expect(JSON.parse(readOnly.stderr)).toMatchObject({ error: { code: 'read_only', reason: 'read_only', human: true } });
});

test('docs/control.md lists every reason, and whether only a person can go on', () => {
  const rows = [...readFileSync('docs/control.md', 'utf8').matchAll(/^\| `(\w+)` \| (yes)? ?\|/gm)].map(([, reason, yes]) => [
    reason,
    yes === 'yes',
  ]);
  expect(rows).toEqual(Object.entries(errorReasons));
});

afterAll(() => expect(seen.size).toBeGreaterThan(0));
