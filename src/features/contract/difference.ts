import { collectionsOf, pathPattern } from './paths.ts';

/** One difference of one operation. */
export interface ContractFinding {
  /** Whether dnx assumed it, or the API reference states it. */
  readonly basis: 'assumed' | 'stated';
  /** What it is about. */
  readonly kind: 'server' | 'operation' | 'deprecated' | 'required' | 'field' | 'type' | 'values' | 'response' | 'status' | 'ability';
  /** As in the API reference: `POST /servers`. A path alone is a whole resource. */
  readonly operation: string;
  readonly name: string | null;
  readonly difference: string;
  /** The commands that it concerns. */
  readonly commands: readonly string[];
  /** Operations of a whole resource. */
  readonly operations?: readonly string[];
}

/** A difference, and every operation that has it. */
export type ContractDifference = Required<ContractFinding>;

/** The same difference in this many resources has one cause. */
const ONE_CAUSE = 3;

/** Findings of one cause; at least one. */
type Same = [ContractFinding, ...ContractFinding[]];

/** One difference for what several operations have in common. Assumptions come first. */
export function grouped(findings: readonly ContractFinding[], collections: ReadonlySet<string>): readonly ContractDifference[] {
  const causes = by(findings, ({ basis, kind, name, difference, operation }) =>
    // Each missing or added operation has a cause of its own, but another method may be that of many.
    JSON.stringify([
      basis,
      kind,
      name,
      difference,
      name === null && /^(operation|deprecated)$/.test(kind) && !difference.includes('which has') && operation,
    ]),
  );
  const all = causes.flatMap((same) => {
    const resources = by(same, ({ operation }) => collectionsOf(operation, collections).at(-1) ?? pathPattern(operation));
    return (resources.length < ONE_CAUSE ? resources : [same]).map(together);
  });
  return [...all.filter(({ basis }) => basis === 'assumed'), ...all.filter(({ basis }) => basis === 'stated')];
}

function by(findings: readonly ContractFinding[], keyOf: (finding: ContractFinding) => string): readonly Same[] {
  const groups = new Map<string, Same>();
  for (const finding of findings) {
    const key = keyOf(finding);
    const same = groups.get(key);
    if (same) same.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}

const together = (same: Same): ContractDifference => ({
  basis: same[0].basis,
  kind: same[0].kind,
  operation: same[0].operation,
  name: same[0].name,
  difference: same[0].difference,
  operations: [...new Set(same.flatMap(({ operations, operation }) => operations ?? [operation]))],
  commands: [...new Set(same.flatMap(({ commands }) => commands))],
});

const MOST_COMMANDS = 2;

/** The difference in words, with the commands that it concerns. */
export function differenceText({ kind, difference, commands }: ContractDifference): string {
  // The commands of a whole resource are plain, and those of every list too many.
  if (commands.length === 0 || kind === 'operation') return difference;
  const more = commands.length - MOST_COMMANDS;
  return `${difference} (dnx ${commands.slice(0, MOST_COMMANDS).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

/** `POST /servers/{server}/daemons +2`. */
export const differencePlace = ({ operation, operations }: ContractDifference): string =>
  operations.length > 1 && operation.includes(' ') ? `${operation} +${operations.length - 1}` : operation;

const MOST_WORDS = 12;

/** Words for a sentence, which a hostile document could make endless. */
export const shortList = (words: readonly string[]): string =>
  words.length > MOST_WORDS ? `${words.slice(0, MOST_WORDS).join(', ')} and ${words.length - MOST_WORDS} more` : words.join(', ');
