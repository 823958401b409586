import type { Endpoint } from '../api/endpoint.ts';
import { type AnyCommand, type Group, noGroup } from './command.ts';

/** A line of the table of contents: what there is, and where it is loaded from once it is named. */
export interface Entry<T extends Group | AnyCommand = Group> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** The heading of the help under which it stands. */
  readonly section: string;
  readonly load: () => Promise<{ readonly default: T }>;
}

/** Every command there is, unloaded. */
export interface Tree {
  /** Groups, in the order of the help. */
  readonly contents: readonly Entry[];
  /** Commands that belong to no group. */
  readonly alone: readonly Entry<AnyCommand>[];
  /** Commands of a group that also stand at the root, by the word for them there. */
  readonly shortcuts: Readonly<Record<string, readonly [group: string, command: string, summary: string]>>;
}

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
