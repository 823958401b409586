import type { Endpoint } from '../../platform/api/endpoint.ts';
import { operationsIn } from './calls.ts';
import { type AnyCommand, type Consent, type Group, noGroup, type Tree } from './command.ts';

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
export const operationsOf = ({ calls }: AnyCommand): Endpoint[] => (typeof calls === 'function' ? [] : operationsIn(calls));

/** The options of consent that a command takes: a severe one has both, and so has one that is known late. */
export const consentLevel = ({ consent }: AnyCommand): Consent['level'] | undefined =>
  typeof consent === 'string' ? consent : typeof consent === 'function' ? 'moderate' : consent?.level;
