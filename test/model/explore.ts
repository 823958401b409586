import fc from 'fast-check';
import { openBed } from '../support/dnx.ts';
import { seedOf } from '../support/volume.ts';
import type { Ending } from './command-line.ts';
import { describeStory } from './describe-story.ts';
import { type History, histories } from './history.ts';
import { broken } from './oracle.ts';
import { expected } from './outcomes.ts';
import { Stage } from './stage.ts';
import { openBefore, type Story } from './story.ts';

/** How often each outcome occurred. */
export type Tally = Record<string, number>;

/** Outcomes that must occur often, or the test tests too little. */
export const wanted = ['succeeded', 'failed', 'superseded', 'unknown', 'timed_out', 'kill', 'interrupt', 'rate_limited', 'exact'];

/** Plays random histories. Rejects with the shortest one that breaks a promise, and its seed. */
export async function explore({ seed, runs }: { seed: number; runs: number }): Promise<Tally> {
  const tally: Tally = {};
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const story = await play(history);
      const faults = story.endings.flatMap((ending) => broken(story, ending).map((fault) => `line ${ending.number}: ${fault}`));
      for (const ending of story.endings) count(tally, story, ending);
      if (faults.length > 0) throw new Error(`${faults.join('\n')}\n${describeStory(story)}`);
    }),
    { seed: seedOf(seed), numRuns: runs, endOnFailure: false },
  );
  return tally;
}

/** Plays a history on its own bed and finally watches a run that is still open. */
export async function play(history: History): Promise<Story> {
  const bed = await openBed();
  const stage = new Stage(bed, history);
  try {
    for (const line of history.lines) await stage.run(line);
    await stage.calm();
    if (openBefore(stage, stage.endings.length)) {
      await stage.run({ verb: 'watch', gap: 0, flags: [], fails: false, bad: false, events: [] });
    }
    return { history, platform: stage.platform, endings: stage.endings };
  } finally {
    await stage.close();
    await bed.close();
  }
}

function count(tally: Tally, story: Story, ending: Ending): void {
  const { line, outcome, error, stopped } = ending;
  const add = (key: string) => {
    tally[key] = (tally[key] ?? 0) + 1;
  };
  add(stopped ?? outcome ?? error ?? 'done');
  if (line.verb !== 'deploy' && line.verb !== 'rollback') return;
  if (expected(story, ending)) add('exact');
}
