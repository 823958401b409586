import { usage } from '../../base/errors.ts';
import { choice, count, duration, flag, following, integer, text, toggle, type Values } from '../../cli/language/options.ts';

/** What a pipeline gets beside stdout. */
export const reporting = {
  result_file: text('Write the result as JSON to this file as well', 'file'),
  ci: toggle('Write annotations, outputs and a summary in GitHub Actions (on there)'),
};

export const deployOptions = {
  ...following,
  if_running: choice('What to do if one is in progress (default: ask on a terminal, else attach, or wait for an installation)', [
    'attach',
    'wait',
    'fail',
  ]),
  verify: text('Ask the site for this path afterwards, such as /up', 'path'),
  expect: integer('The status that --verify wants (200)', 'status'),
  expect_body: text('Text that the answer to --verify must hold', 'text'),
  for: count('So many good answers in a row (1)'),
  within: { ...duration('How long --verify may take (90s)'), least: 1 },
  verify_cmd: text('Run this command afterwards; its exit code decides', 'command'),
  url: text('The address of the site (https and its domain)', 'url'),
  rollback_on_fail: flag('Go back to the release before when it fails verification; exit 11'),
  all: flag('Every site of the server'),
  concurrency: count('Of several sites, how many at a time (4)'),
  max_failures: count('Of several sites, start no more after so many failures'),
  dry_run: flag('Say what would be deployed and with how many requests; deploy nothing'),
  ...reporting,
};

export type DeployValues = Values<typeof deployOptions>;

/** True if the site is read before anything is requested. */
export const looksFirst = ({ wait, if_running }: DeployValues): boolean => wait !== false || if_running !== undefined;

/** What a deployed site must show. */
export interface Verification {
  /** The path that is requested; undefined where only the command decides. */
  readonly path: string | undefined;
  readonly url: string | undefined;
  readonly expect: number;
  readonly body: string | undefined;
  /** Good answers in a row. */
  readonly passes: number;
  readonly withinMs: number;
  readonly command: string | undefined;
  readonly rollback: boolean;
}

/** What the options verify; undefined where nothing is. Refuses options that contradict each other. */
export function verificationOf(values: DeployValues): Verification | undefined {
  const { verify: path, verify_cmd: command, wait, url, rollback_on_fail: rollback = false } = values;
  if (path === undefined && command === undefined) {
    if (rollback) throw usage('--rollback-on-fail needs something to verify.', 'Give --verify PATH or --verify-cmd COMMAND.');
    return undefined;
  }
  if (wait === false) throw usage('What is not followed cannot be verified.', 'Leave --no-wait out.');
  if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw usage(`“${url}” is not the address of a site.`, 'Give it with http:// or https://.');
  }
  return {
    path,
    url,
    command,
    rollback,
    expect: values.expect ?? 200,
    body: values.expect_body,
    passes: values.for ?? 1,
    withinMs: values.within ?? 90_000,
  };
}
