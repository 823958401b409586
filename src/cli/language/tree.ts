import type { Endpoint } from '../../platform/api/endpoint.ts';
import { type AnyCommand, type Group, noGroup, type Tree } from './command.ts';

/** A command and where it stands: `site deploy`, or `doctor` for one that belongs to no group. */
export interface Leaf {
  readonly path: string;
  readonly group: Group;
  readonly command: AnyCommand;
}

/** Every command there is, in the order of the help. Loads all of them. */
export async function everyCommand({ contents, alone }: Tree): Promise<Leaf[]> {
  const groups = await Promise.all(contents.map(async ({ load }) => (await load()).default));
  const singles = await Promise.all(alone.map(async ({ name, load }) => ({ path: name, group: noGroup, command: (await load()).default })));
  return [
    ...groups.flatMap((group) => group.commands.map((command) => ({ path: `${group.name} ${command.name}`, group, command }))),
    ...singles,
  ];
}

/** Every operation that a command may call, whatever it is given. */
export const operationsOf = ({ endpoint, uses = [], options = {} }: AnyCommand): Endpoint[] => [
  ...(endpoint ? [endpoint] : []),
  ...uses,
  ...Object.values(options).flatMap((option) => [...(option.uses ?? []), ...(option.within ? [option.within] : [])]),
];
