import { expect } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import type { Bed, RunOptions } from './dnx.ts';

type Setup = (bed: Bed) => unknown;

/** A line that ends with an exit code, and what CI systems and people get. HOST stands for the host. */
export interface ExitRow {
  readonly code: number;
  readonly line: string;
  readonly setup?: Setup;
  readonly env?: RunOptions['env'];
  /** The lines of GitHub's annotation, each of which is in its summary. */
  readonly says?: readonly string[];
  /** In GitHub's outputs, and in the dotenv report for GitLab (default: failed). */
  readonly outcome?: string;
  /** Of the log in GitLab. */
  readonly sections?: readonly string[];
  /** The row of GitHub's summary. */
  readonly table?: string;
  /** What is in the result file (default: an error with the first line above). */
  readonly file?: object;
  /** The text of the notification (default: ✗ and the first line above); null if there is none. `env ensure` has no --notify. */
  readonly notify?: string | null;
}

const SHOP = 'deploy shop.example.com';
const PROGRESS = ['Deploy shop.example.com'];
const CRON = "crontab ensure 'php artisan report' --frequency '0 6 * * *' --server web-1";
const APPLY = 'apply plan.json --yes';
const ENSURE = 'env ensure shop.example.com LOG_LEVEL=debug';

const READ_ONLY = { DNX_READ_ONLY: '1' };
const REJECTED = { DNX_TOKEN: '9|rejected' };
const TOKEN_REJECTED = 'DNX_TOKEN was rejected by HOST. Set another token, or unset it to use your stored sign-in.';
const UNREACHABLE = 'Could not reach HOST: connection closed before the response arrived.';
const SUSPENDED = 'This site is suspended. Resume it before you deploy.';
const ROLLED_BACK =
  'Deployment of shop.example.com was rolled back to 20260416_071200: https://shop.example.com/up returned 500 instead of 200';

const answering =
  (status: number, message: string, { method, path }: { readonly method?: string; readonly path?: string | RegExp } = {}): Setup =>
  ({ sandbox }) =>
    sandbox.faults.always(
      { ...(method && { method }), ...(path && { path }) },
      { status, headers: { 'retry-after': '3600' }, body: { message } },
    );
const down: Setup = ({ sandbox }) => sandbox.faults.always({}, 'drop');
const limited = answering(429, 'Too Many Attempts.');
const failing: Setup = ({ sandbox }) => {
  sandbox.state.fail_deploys = true;
};
/** Saves a plan of this line. Then something happens. */
const planned =
  (line: string, then: Setup = () => {}): Setup =>
  async (bed) => {
    await expect(bed.dnx(`${line} --dry-run --out plan.json`)).toExit(0);
    await then(bed);
  };

/** Each exit code of each command that pipelines run. */
export const rows: readonly ExitRow[] = [
  {
    code: 0,
    line: SHOP,
    outcome: 'succeeded',
    sections: PROGRESS,
    table: '| shop.example.com | web-1 | succeeded | 20260416_120003 | 8s |',
    file: { outcome: 'succeeded', release: '20260416_120003' },
    notify: '✓ Deployed shop.example.com in 8s',
  },
  {
    code: 1,
    line: SHOP,
    setup: failing,
    says: ['Deployment of shop.example.com failed after 16s'],
    sections: PROGRESS,
    table: '| shop.example.com | web-1 | failed | 20260416_120003 | 16s |',
    file: { outcome: 'failed', release: '20260416_120003' },
  },
  {
    code: 2,
    line: `${SHOP} --if-running perhaps`,
    says: ["'perhaps' is not a value of --if-running."],
    notify: null,
  },
  {
    code: 4,
    line: SHOP,
    env: REJECTED,
    says: [TOKEN_REJECTED],
  },
  {
    code: 5,
    line: SHOP,
    env: READ_ONLY,
    says: ['DNX_READ_ONLY allows only GET requests. POST /servers/{server}/sites/{site}/deploy was not sent.'],
    notify: null,
  },
  {
    code: 6,
    line: 'deploy nowhere.example.com',
    says: ["Site 'nowhere.example.com' not found."],
  },
  {
    code: 7,
    line: 'deploy docs.example.com',
    says: [SUSPENDED],
    sections: ['Deploy docs.example.com'],
  },
  {
    code: 9,
    line: `${SHOP} --max-wait 5s`,
    setup: limited,
    says: ['Rate limited (“Too Many Attempts”). Nothing was changed.'],
  },
  {
    code: 10,
    line: `${SHOP} --if-running fail`,
    setup: ({ sandbox }) => sandbox.deployElsewhere(seeded.sites['shop.example.com']),
    says: ['shop.example.com is already deploying. Nothing was deployed.'],
    sections: PROGRESS,
  },
  {
    code: 11,
    line: `${SHOP} --verify /up --within 2s --rollback-on-fail`,
    says: [ROLLED_BACK],
    outcome: 'rolled_back',
    sections: [...PROGRESS, 'Verify shop.example.com', 'Roll back shop.example.com to 20260416_071200'],
    table: '| shop.example.com | web-1 | rolled_back | 20260416_120003 | 8s |',
    file: { outcome: 'rolled_back' },
  },
  {
    code: 12,
    line: 'deploy shop.example.com docs.example.com',
    says: ['1 of 2 sites failed', `docs.example.com: ${SUSPENDED}`],
    sections: ['Deploy 2 sites'],
    table: '| docs.example.com | web-2 | not started | – | – |',
    file: [{ outcome: 'succeeded' }, { outcome: null, error: { code: 'invalid' } }],
  },
  { code: 13, line: SHOP, setup: down, says: [UNREACHABLE] },
  {
    code: 124,
    line: `${SHOP} --timeout 5s`,
    says: ['Timed out after 5s; the deployment of shop.example.com continues'],
    outcome: 'timed_out',
    sections: PROGRESS,
    table: '| shop.example.com | web-1 | timed_out | – | 5s |',
    file: { outcome: 'timed_out', finished_at: null },
  },

  {
    code: 0,
    line: APPLY,
    setup: planned(CRON),
    outcome: 'succeeded',
    file: [{ change: 1, outcome: 'applied' }],
    notify: '✓ dnx apply: 1 succeeded',
  },
  {
    code: 1,
    line: APPLY,
    setup: planned(CRON, answering(500, 'Server Error', { method: 'POST' })),
    says: ['Deploynix returned 500 (“Server Error”).'],
    file: [{ change: 1, outcome: 'failed', error: { code: 'failed' } }],
    notify: '✗ dnx apply failed (500).',
  },
  {
    code: 2,
    line: 'apply nothing.json --yes',
    says: ['nothing.json does not exist.'],
    notify: null,
  },
  {
    code: 4,
    line: APPLY,
    setup: planned(CRON),
    env: REJECTED,
    says: [TOKEN_REJECTED],
    notify: '✗ dnx apply failed (401).',
  },
  {
    code: 5,
    line: APPLY,
    setup: planned(CRON),
    env: READ_ONLY,
    says: ['DNX_READ_ONLY allows only GET requests. dnx apply was not sent.'],
    notify: null,
  },
  {
    code: 7,
    line: APPLY,
    setup: planned(CRON, answering(422, 'No such user.', { method: 'POST' })),
    says: ['No such user.'],
    file: [{ change: 1, outcome: 'failed', error: { code: 'invalid' } }],
    notify: '✗ dnx apply failed (422).',
  },
  {
    code: 9,
    line: `${APPLY} --max-wait 5s`,
    setup: planned(CRON, limited),
    says: ['Rate limited (“Too Many Attempts”). Nothing was changed.'],
    notify: '✗ dnx apply failed (429).',
  },
  {
    code: 10,
    line: APPLY,
    setup: planned('crontab delete 01JQ8Z4T9G0000000000CR0001 --server web-1', ({ sandbox }) => {
      for (const crontab of sandbox.state.crontabs) crontab.frequency = '0 1 * * *';
    }),
    says: ['1 of 1 changes no longer apply. Nothing was changed.'],
  },
  {
    code: 11,
    line: APPLY,
    setup: planned(`${SHOP} --verify /up --within 2s --rollback-on-fail`),
    says: [ROLLED_BACK],
    sections: [...PROGRESS, 'Verify shop.example.com', 'Roll back shop.example.com to 20260416_071200'],
    file: [{ change: 1, outcome: 'failed', error: { code: 'rolled_back' } }],
  },
  {
    code: 12,
    line: APPLY,
    setup: planned('deploy shop.example.com docs.example.com'),
    says: [`The plan was not applied as a whole: ${SUSPENDED}`],
    sections: [...PROGRESS, 'Deploy docs.example.com'],
    file: [
      { change: 1, outcome: 'applied' },
      { change: 2, outcome: 'failed', error: { code: 'invalid' } },
    ],
    notify: '✗ dnx apply failed (422).',
  },
  { code: 13, line: APPLY, setup: planned(CRON, down), says: [UNREACHABLE] },
  {
    code: 124,
    line: `${APPLY} --timeout 5s`,
    setup: planned(SHOP),
    says: ['Timed out after 5s; the deployment of shop.example.com continues'],
    outcome: 'timed_out',
    sections: PROGRESS,
    file: [{ change: 1, outcome: 'failed', error: { code: 'timed_out' } }],
  },

  {
    code: 0,
    line: 'audit',
    outcome: 'succeeded',
    file: expect.arrayContaining([expect.objectContaining({ rule: 'zero-downtime-off' })]),
    notify: '✓ 15 findings on 3 servers and 6 sites: 7 high, 6 medium, 2 low',
  },
  {
    code: 1,
    line: 'audit',
    setup: answering(500, 'Server Error'),
    says: ['Deploynix returned 500 (“Server Error”).'],
  },
  {
    code: 2,
    line: 'audit --baseline nothing.jsonl',
    says: ['Baseline nothing.jsonl does not exist.'],
    notify: null,
  },
  { code: 4, line: 'audit', env: REJECTED, says: [TOKEN_REJECTED] },
  {
    code: 5,
    line: 'audit',
    setup: answering(403, 'Invalid ability provided.', { path: '/servers' }),
    says: ['Token is missing the ability server:read (“Invalid ability provided”).'],
  },
  {
    code: 6,
    line: 'audit --server nowhere',
    says: ["Server 'nowhere' not found."],
  },
  {
    code: 7,
    line: 'audit',
    setup: answering(422, 'No such page.', { path: '/servers' }),
    says: ['No such page.'],
  },
  {
    code: 9,
    line: 'audit --max-wait 5s',
    setup: limited,
    says: ['Rate limited (“Too Many Attempts”).'],
  },
  {
    code: 10,
    line: 'audit --fail-on high',
    says: ['7 findings of severity high.'],
    file: expect.arrayContaining([expect.objectContaining({ rule: 'zero-downtime-off' })]),
  },
  {
    code: 12,
    line: 'audit',
    setup: answering(403, 'Invalid ability provided.', { path: /daemons$/ }),
    says: [
      '1 check could not be made, so findings may be missing.',
      'Token is missing the ability daemon:read (“Invalid ability provided”).',
    ],
    file: expect.arrayContaining([expect.objectContaining({ severity: 'not_checked' })]),
  },
  { code: 13, line: 'audit', setup: down, says: [UNREACHABLE] },

  { code: 0, line: ENSURE, outcome: 'succeeded', file: { changed: true, outcome: 'created' } },
  {
    code: 1,
    line: ENSURE,
    setup: answering(500, 'Server Error', { method: 'POST' }),
    says: ['Deploynix returned 500 (“Server Error”).'],
  },
  {
    code: 2,
    line: 'env ensure shop.example.com APP_ENV=local --update',
    says: ['This could break shop.example.com. Nothing was sent.', "APP_ENV: Laravel would treat the site as a developer's machine."],
  },
  { code: 4, line: ENSURE, env: REJECTED, says: [TOKEN_REJECTED] },
  {
    code: 5,
    line: ENSURE,
    env: READ_ONLY,
    says: [
      'DNX_READ_ONLY allows only GET requests. POST /servers/01JQ8Z4T9G00000000000WEB01/sites/01JQ8Z4T9G00000000000SH0P1/environment-variables was not sent.',
    ],
  },
  {
    code: 6,
    line: 'env ensure nowhere.example.com LOG_LEVEL=debug',
    says: ["Site 'nowhere.example.com' not found."],
  },
  {
    code: 7,
    line: ENSURE,
    setup: answering(422, 'No such variable.', { method: 'POST' }),
    says: ['No such variable.'],
  },
  {
    code: 9,
    line: `${ENSURE} --max-wait 5s`,
    setup: limited,
    says: ['Rate limited (“Too Many Attempts”). Nothing was changed.'],
  },
  {
    code: 10,
    line: 'env ensure shop.example.com APP_NAME=Store --strict',
    says: ['Variable APP_NAME differs'],
    file: { changed: false, outcome: 'different' },
  },
  {
    code: 12,
    line: `${ENSURE} CACHE_STORE=redis`,
    setup: ({ sandbox }) => sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'No such variable.' } }),
    says: ['1 of 2 variables failed', 'LOG_LEVEL: No such variable.'],
    file: [{ error: { code: 'invalid' } }, { outcome: 'created' }],
  },
  { code: 13, line: ENSURE, setup: down, says: [UNREACHABLE] },
];

/** Why a command never ends with a code. */
export const never: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  deploy: {},
  apply: { 6: 'a plan has ids; what is gone no longer applies' },
  audit: { 11: 'it deploys nothing', 124: 'it has no --timeout' },
  'env ensure': { 11: 'it deploys nothing', 124: 'it has no --timeout' },
};
