import type { Bed } from './dnx.ts';

/** How long it takes until a deployment begins, and from then to its end, in ms. */
interface Pace {
  readonly begins: number;
  readonly runs: number;
}

/** Makes the deployments of a sandbox take that long. */
export function pace({ clock, sandbox }: Bed, { begins, runs }: Pace): void {
  const origin = clock.right() - clock.elapsed();
  const spans: Readonly<Record<string, number>> = { 'deployment.begins': begins, 'deployment.ends': runs };
  const seen = new Set<string>();
  const stretch = () => {
    for (const change of sandbox.state.due) {
      const key = `${change.kind} ${change.id}`;
      const span = seen.has(key) ? undefined : spans[change.kind];
      if (span === undefined) continue;
      seen.add(key);
      change.at = clock.right() + span;
      clock.at(change.at - origin, stretch);
    }
  };
  sandbox.onRequest(stretch);
}
