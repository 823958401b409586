import { timeOf } from '../../base/time.ts';

/** A service in the words of systemd. `since`: when its state changed, in epoch ms. */
export type Unit = ReturnType<typeof unitsIn>[number];

/** The services in the output of units.sh. Aliases are one, and PostgreSQL, which runs nothing itself, is its instances. */
export function unitsIn(text: string) {
  const blocks = new Map(text.split(/\n{2,}/).map((block) => [/^Id=(.+)\.service$/m.exec(block)?.[1] ?? '', block]));
  const instances = [...blocks.keys()].some((name) => name.startsWith('postgresql@'));
  return [...blocks]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, block]) => {
      if (name === '' || (name === 'postgresql' && instances)) return [];
      const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      const state = value('ActiveState');
      return {
        name,
        state,
        /** Why it failed, or else the state in more detail. */
        detail: value(state === 'failed' && value('Result') !== '' ? 'Result' : 'SubState'),
        since: timeOf(value('StateChangeTimestamp').replace(/^\w+ /, '')),
        memory: /^\d{1,15}$/.test(value('MemoryCurrent')) ? Number(value('MemoryCurrent')) : null,
        atBoot: value('UnitFileState'),
      };
    });
}

/** True if it does not run, but is meant to. One that is not enabled is not, such as an old version of PostgreSQL. */
export const hasStopped = ({ state, atBoot }: Unit): boolean =>
  state === 'failed' || (state === 'inactive' && atBoot.startsWith('enabled'));
