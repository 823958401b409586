import { createdBy, listPath } from '../../cli/plan/plan.ts';
import type { World } from '../../machine/world.ts';
import { type Endpoint, parameters } from '../../platform/api/endpoint.ts';
import type { AskedEndpoint, Asking } from '../token/abilities/arithmetic.ts';
import { readPlanFile } from './file.ts';

/** The operations of `dnx apply FILE`: what it compares, and what it sends. */
export function askedByPlan(file: string, check: boolean, world: Pick<World, 'cwd' | 'home'>): Asking {
  const asked = readPlanFile(file, world).plan.changes.flatMap(({ call }, at): AskedEndpoint[] => {
    const path = call.slice(call.indexOf('/'));
    const lists = parameters(call).map((noun) => listPath(call, noun));
    const reads = [...lists, ...(createdBy(call) ? [path] : []), ...(path.endsWith('/deploy') ? [path.replace('/deploy', '')] : [])];
    return [
      ...reads.map((each) => ({ endpoint: `GET ${each}` as Endpoint, because: `compares change ${at + 1}` })),
      ...(check ? [] : [{ endpoint: call, because: `change ${at + 1}` }]),
    ];
  });
  return { asked, notes: [] };
}
