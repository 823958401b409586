import type { AnyCommand, Group } from './command.ts';
import type { Contents } from './program.ts';

/** A command and where it stands: `site deploy`, or `doctor` for one that belongs to no group. */
export interface Leaf {
  readonly path: string;
  readonly group: Group | undefined;
  readonly command: AnyCommand;
}

/** Every command there is, in the order of the help. Loads all of them. */
export async function everyCommand({ contents, alone }: Contents): Promise<Leaf[]> {
  const groups = await Promise.all(contents.map(async ({ load }) => (await load()).default));
  const singles = await Promise.all(
    alone.map(async ({ name, load }) => ({ path: name, group: undefined, command: (await load()).default })),
  );
  return [
    ...groups.flatMap((group) => group.commands.map((command) => ({ path: `${group.name} ${command.name}`, group, command }))),
    ...singles,
  ];
}
