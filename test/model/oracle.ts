import type { Ending } from './command-line.ts';
import { exactOf, leftOf, truthOf } from './outcomes.ts';
import { backOf, exitOf, nameOf, onceOf } from './requests.ts';
import type { Story } from './story.ts';
import { limitOf, settledOf } from './waits.ts';

const rules = { exitOf, onceOf, nameOf, backOf, truthOf, leftOf, exactOf, settledOf, limitOf };

/** The promises that a command line of a story broke, in words. */
export const broken = (story: Story, ending: Ending): readonly string[] =>
  Object.values(rules).flatMap((rule) => rule(story, ending) ?? []);
