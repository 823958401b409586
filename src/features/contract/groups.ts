import type { Finding } from './finding.ts';
import { collectionOf } from './operations.ts';

/** A difference, and every operation that has it. */
export interface Difference extends Pick<Finding, 'basis' | 'kind' | 'operation' | 'name'> {
  readonly difference: string;
  readonly operations: readonly string[];
  readonly commands: readonly string[];
}

/** The same difference in this many resources has one cause. */
const ONE_CAUSE = 3;

/** Findings of one cause; at least one. */
type Same = [Finding, ...Finding[]];

/** One difference for what several operations have in common. Assumptions come first. */
export function grouped(findings: readonly Finding[], collections: ReadonlySet<string>): readonly Difference[] {
  const causes = by(findings, ({ basis, kind, name, text, operation }) =>
    // Each missing or added operation has a cause of its own, but another method may be that of many.
    JSON.stringify([
      basis,
      kind,
      name,
      text,
      name === null && /^(operation|deprecated)$/.test(kind) && !text.includes('which has') && operation,
    ]),
  );
  const all = causes.flatMap((same) => {
    const resources = by(same, ({ operation }) => collectionOf(operation, collections));
    return (resources.length < ONE_CAUSE ? resources : [same]).map(together);
  });
  return [...all.filter(({ basis }) => basis === 'assumed'), ...all.filter(({ basis }) => basis === 'stated')];
}

function by(findings: readonly Finding[], keyOf: (finding: Finding) => string): readonly Same[] {
  const groups = new Map<string, Same>();
  for (const finding of findings) {
    const key = keyOf(finding);
    const same = groups.get(key);
    if (same) same.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}

function together(same: Same): Difference {
  const [{ basis, kind, operation, name, text }] = same;
  const commands = [...new Set(same.flatMap((each) => each.commands))];
  const operations = [...new Set(same.flatMap((each) => each.operations ?? [each.operation]))];
  return { basis, kind, operation, name, difference: text, operations, commands };
}

const MOST_COMMANDS = 2;

/** The difference in words, with the commands that it concerns. */
export function inWords({ kind, difference, commands }: Difference): string {
  // The commands of a whole resource are plain, and those of every list too many.
  if (commands.length === 0 || kind === 'operation') return difference;
  const more = commands.length - MOST_COMMANDS;
  return `${difference} (dnx ${commands.slice(0, MOST_COMMANDS).join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

/** `POST /servers/{server}/daemons +2`. */
export const placeOf = ({ operation, operations }: Difference): string =>
  operations.length > 1 && operation.includes(' ') ? `${operation} +${operations.length - 1}` : operation;
