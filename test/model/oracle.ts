import type { Ending } from './command-line.ts';
import { exactOutcomeRule, openRunRule, outcomeRule } from './outcomes.ts';
import { exitCodeRule, rollbackRule, sentOnceRule, siteNameRule } from './requests.ts';
import type { Story } from './story.ts';
import { settledRule, timeoutRule } from './waits.ts';

const rules = {
  exitCodeRule,
  sentOnceRule,
  siteNameRule,
  rollbackRule,
  outcomeRule,
  openRunRule,
  exactOutcomeRule,
  settledRule,
  timeoutRule,
};

/** The promises that a command line of a story broke, in words. */
export const broken = (story: Story, ending: Ending): readonly string[] =>
  Object.values(rules).flatMap((rule) => rule(story, ending) ?? []);
