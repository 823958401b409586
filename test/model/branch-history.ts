import fc from 'fast-check';
import type { FaultReply } from '../../src/sandbox/index.ts';

/** How a command line is stopped: killed at a request, before or after Deploynix performs it, or by Ctrl-C after so many ms. */
export type Stop = { readonly request: number; readonly performed: boolean } | { readonly ms: number };

/** A command line, and what happens around it. Times are ms from its start. */
export interface Step {
  readonly line: string;
  /** ms before it. */
  readonly gap: number;
  readonly stop: Stop | undefined;
  readonly fails: boolean;
  /** What becomes of its first change of a site. */
  readonly fault: FaultReply | undefined;
  /** What becomes of its request to deploy. */
  readonly lost: FaultReply | undefined;
  /** When a colleague sets the branch to `hotfix`. */
  readonly hotfix: number | undefined;
  /** When a colleague starts a deployment. */
  readonly deployed: number | undefined;
}

/** What the platform shows: the words of a site's status, and whether the token reads releases. */
export interface Shows {
  readonly active: string;
  readonly deploying: string;
  readonly releases: boolean;
}

export interface BranchHistory {
  readonly shows: Shows;
  readonly steps: readonly Step[];
}

const SITE = 'blog.example.com';

const lines = fc.constantFrom(
  ...[
    `deploy ${SITE} --branch a --yes`,
    `deploy ${SITE} --branch a --yes`,
    `deploy ${SITE} --branch b --yes`,
    `deploy ${SITE} --branch b --yes --timeout 4s`,
  ],
  ...[
    `deploy ${SITE} --branch a --yes --verify-cmd true`,
    `deploy ${SITE}`,
    `deploy ${SITE} --if-running wait`,
    `deploy ${SITE} --no-wait`,
  ],
  ...[
    `watch ${SITE}`,
    `watch ${SITE} --timeout 3s`,
    `site update ${SITE} --branch release`,
    `env set A=b --site ${SITE}`,
    `site show ${SITE}`,
  ],
);

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, { arbitrary: value, weight: 1 });

const times = fc.constantFrom(1, 2_500, 5_000, 9_000, 15_000);

const step: fc.Arbitrary<Step> = fc.record({
  line: lines,
  gap: fc.constantFrom(0, 0, 1_000, 4_000, 15_000, 200_000),
  stop: maybe(
    fc.oneof(
      fc.record({ request: fc.integer({ min: 1, max: 12 }), performed: fc.boolean() }),
      fc.record({ ms: fc.constantFrom(1, 1_000, 3_500, 6_000, 12_000) }),
    ),
  ),
  fails: fc.boolean(),
  fault: maybe(fc.constantFrom<FaultReply>('drop', 'drop-after', 'cut', { status: 403 }, { status: 500 })),
  lost: maybe(fc.constantFrom<FaultReply>('drop', 'drop-after', 'cut', { status: 422 }, { status: 500 })),
  hotfix: maybe(times),
  deployed: maybe(times),
});

const shows: fc.Arbitrary<Shows> = fc.record({
  active: fc.constantFrom('active', 'Online', 'running'),
  deploying: fc.constantFrom('deploying', 'in-progress', 'BUILDING'),
  releases: fc.boolean(),
});

/** Random histories of one site on one machine, with colleagues. */
export const branchHistories: fc.Arbitrary<BranchHistory> = fc
  .record({ shows, alone: fc.boolean(), steps: fc.array(step, { minLength: 1, maxLength: 5, size: 'max' }) })
  .map(({ alone, steps, ...rest }) => ({ ...rest, steps: alone ? steps.map(withoutColleagues) : steps }));

const withoutColleagues = ({ line, ...step }: Step): Step => ({
  ...step,
  line: line.replace(' update blog.example.com --branch release', ' resume blog.example.com'),
  hotfix: undefined,
  deployed: undefined,
});
