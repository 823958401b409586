import { plural } from '../../base/text.ts';
import { type Endpoint, isRead } from '../../platform/api/endpoint.ts';
import { operationsIn } from './calls.ts';
import { type AnyCommand, type Consent, type Entry, type Group, rootGroup, type Tree } from './command.ts';

/** A command and its path: `site deploy`, or `doctor` without a group. */
export interface Leaf {
  readonly path: string;
  readonly group: Group;
  readonly command: AnyCommand;
}

/** Every command, in the order of the help. Loads all of them. */
export async function everyCommand({ contents, standalone }: Tree): Promise<Leaf[]> {
  const groups = await Promise.all(contents.map(async ({ load }) => (await load()).default));
  const singles = await Promise.all(
    standalone.map(async (entry) => ({ path: entry.name, group: rootGroup(entry), command: (await entry.load()).default })),
  );
  return [
    ...groups.flatMap((group) => group.commands.map((command) => ({ path: `${group.name} ${command.name}`, group, command }))),
    ...singles,
  ];
}

/** Every name of a group: its own and its aliases, singular and plural. */
export const namesOf = ({ name, aliases = [] }: Pick<Entry, 'name' | 'aliases'>): readonly string[] =>
  [name, ...aliases].flatMap((each) => [each, plural(each)]);

/** Every operation that a command may call. */
export const operationsOf = ({ calls }: AnyCommand): Endpoint[] => (typeof calls === 'function' ? [] : operationsIn(calls));

/** True if a command may change something at Deploynix, besides signing in or out. If its words name the endpoint, it may if it sends a body. */
export const mayChange = (command: AnyCommand): boolean =>
  typeof command.calls === 'function'
    ? command.fields !== undefined
    : !command.signs && command.effect !== 'read' && !operationsOf(command).every(isRead);

/** True if what a command would send can be saved as a plan. One with its own --dry-run shows what it would do in another way. */
export const isPlannable = (command: AnyCommand): boolean => mayChange(command) && command.options?.dry_run === undefined;

/** The level of consent that a command declares; moderate if it is only known at run time. */
export const consentLevel = ({ consent }: AnyCommand): Consent['level'] | undefined =>
  typeof consent === 'string' ? consent : typeof consent === 'function' ? 'moderate' : consent?.level;
