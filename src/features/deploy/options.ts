import { choice, count, duration, flag, following, integer, text, toggle, type Values } from '../../cli/language/options.ts';

/** What a pipeline gets beside stdout. */
export const reporting = {
  result_file: text('Write the result as JSON to this file as well', 'file'),
  ci: toggle('Write annotations, outputs and a summary in GitHub Actions (on there)'),
};

export const deployOptions = {
  ...following,
  if_running: choice('What to do when one is under way (asks on a terminal, attach elsewhere)', ['attach', 'wait', 'fail']),
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
