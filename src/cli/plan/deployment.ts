import type { Detail } from '../../base/errors.ts';
import { inQuotes } from '../../base/text.ts';
import { duration } from '../../base/time.ts';

/** What a plan holds of a deployment besides its request. */
export interface PlannedDeployment {
  /** The commit that it deploys; null if that is unknown. */
  readonly commit: string | null;
  readonly branch: string | null;
  /** The repository of the branch, such as `example/shop`; null if it is unknown. */
  readonly repository: string | null;
  readonly verify: PlannedVerification | null;
  readonly rollback_on_fail: boolean;
}

/** How the site is requested after a deployment, at its own address. */
interface PlannedVerification {
  readonly path: string;
  readonly expect: number;
  readonly expect_body: string | null;
  readonly for: number;
  readonly within_s: number;
}

/** How a deployment is verified, and what happens if that fails. */
export function verifyDetails({ verify, rollback_on_fail }: PlannedDeployment): readonly Detail[] {
  if (!verify) return [];
  const { path, expect, expect_body: text, for: times, within_s } = verify;
  const words = [
    `${path} must return ${expect}${text === null ? '' : ` and contain ${inQuotes(text)}`}`,
    ...(times > 1 ? [`${times} times in a row`] : []),
    `within ${duration(within_s * 1000)}`,
  ];
  return [['verify', words.join(' ')], ...(rollback_on_fail ? [['if it fails', 'roll back'] as const] : [])];
}

/** The commit that a deployment is held to. */
export const commitDetails = ({ commit, branch }: PlannedDeployment): readonly Detail[] =>
  commit === null ? [] : [['commit', `${commit.slice(0, 7)}${branch === null ? '' : ` of ${branch}`}`]];
