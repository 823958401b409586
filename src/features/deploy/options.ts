import { usage } from '../../base/errors.ts';
import { unknownWord } from '../../base/nearest.ts';
import {
  choice,
  count,
  duration,
  flag,
  following,
  integer,
  list,
  type Option,
  reporting,
  text,
  toggle,
  under,
  type Values,
} from '../../cli/language/options.ts';

const guardChecks = ['migrations', 'variables', 'php'] as const;
export type GuardCheck = (typeof guardChecks)[number];

const guardCheck = (help: string): Option<readonly GuardCheck[] | undefined> => ({
  ...(list(help, 'check') as Option<readonly GuardCheck[] | undefined>),
  choices: guardChecks,
  check: (words) => {
    const wrong = words.find((word) => !guardChecks.some((guardCheck) => guardCheck === word));
    if (wrong !== undefined) throw unknownWord(wrong, 'a check of --guard', guardChecks);
  },
});

export const deployOptions = {
  ...following,
  ...under('Follow', {
    log: toggle('Show the deploy log while it runs (default on a terminal, if SSH needs no question)'),
    if_running: choice('What to do if a deployment is in progress (default attach; asks on a terminal)', ['attach', 'wait', 'fail']),
  }),
  ...under('Verify', {
    verify: text('Request this path after the deployment, such as /up', 'path'),
    expect: integer('Expected HTTP status (default 200)', 'status'),
    expect_body: text('Text that the response must contain', 'text'),
    for: count('Consecutive successes required (default 1)'),
    within: { ...duration('Time limit for --verify (default 90s)'), least: 1 },
    verify_cmd: { ...text('Run this command; it must exit 0', 'command'), effect: 'program' },
    url: { ...text('Base URL (default: https and the domain)'), reach: 'machine' },
    rollback_on_fail: flag('Roll back if verification fails, also up to 2m after --timeout, and exit 11'),
  }),
  ...under('Guard', {
    guard: flag('Stop before migrations, missing variables or a wrong PHP version (exit 10)'),
    allow: guardCheck('Do not stop for this check'),
  }),
  ...under('Several sites', {
    all: flag('Deploy every site of the server, of each --server, or without one of all servers'),
    canary: text('Deploy this one of the sites first; if it fails, start no other', 'site'),
    concurrency: count('Sites to deploy at a time, at most 20 (default 4 of each server)'),
    max_failures: count('Start no more deployments after this many failures'),
  }),
  ...reporting,
};

export type DeployValues = Values<typeof deployOptions> & {
  /** The commit that a plan holds the deployment to. */
  readonly commit?: string | undefined;
};

/** For a deployment that is a step of another command. */
export const noDeployOptions = Object.fromEntries(Object.keys(deployOptions).map((key) => [key, undefined])) as unknown as DeployValues;

/** True if dnx reads the site before it requests the deployment. */
export const readsSiteFirst = ({ wait, if_running }: DeployValues): boolean => wait !== false || if_running !== undefined;

/** Fails if options contradict each other. */
export function refuseContradictions({ allow, guard }: DeployValues): void {
  if (allow !== undefined && !guard) throw usage('--allow needs --guard.', 'Add --guard, or remove --allow.');
}

/** How to verify a deployed site. Without a path, only with --verify-cmd. */
export type Verification = NonNullable<ReturnType<typeof verificationOf>>;

/** True for `https://host`, `//host` and what browsers read like it. */
export const leavesSite = (path: string): boolean => /^\s*([/\\]{2}|[a-z][a-z\d+.-]*:)/i.test(path);

function isWebsite(text: string): boolean {
  const { protocol = '', hostname = '' } = URL.canParse(text) ? new URL(text) : {};
  return /^https?:$/.test(protocol) && !hostname.includes('*');
}

/** The verification from the options, if any. Throws if options contradict each other. */
export function verificationOf(values: DeployValues) {
  const { verify: path, verify_cmd: command, wait, url, rollback_on_fail: rollback = false, expect = 200, expect_body: body } = values;
  const { for: passes = 1, within: withinMs = 90_000 } = values;
  if (path === undefined && command === undefined) {
    if (rollback) throw usage('--rollback-on-fail needs a verification.', 'Add --verify PATH or --verify-cmd COMMAND.');
    return undefined;
  }
  if (wait === false) throw usage('--no-wait cannot be combined with --verify or --verify-cmd.', 'Remove --no-wait.');
  if (path !== undefined && leavesSite(path)) {
    throw usage(`'${path}' is not a path.`, 'Use a path such as /up, with --url if the site has another address.');
  }
  if (url !== undefined && !isWebsite(url)) throw usage(`'${url}' is not a URL.`, 'Use a URL that starts with http:// or https://.');
  return { path, url, command, rollback, expect, body, passes, withinMs };
}
