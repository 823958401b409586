import type { ApiResponse } from '../../src/sandbox/index.ts';
import type { Bed } from './dnx.ts';

type Thing = Record<string, unknown>;

/** How another platform represents sites and releases. */
export interface Dialect {
  readonly site?: (site: Thing) => Thing;
  /** A release and its index in the list, newest first. */
  readonly release?: (release: Thing, index: number) => Thing;
  readonly releases?: (releases: readonly Thing[]) => readonly Thing[];
}

/** Makes the sandbox respond like that platform until the returned function is called. */
export function speak({ sandbox }: Bed, { site = same, release = same, releases = same }: Dialect): () => void {
  const reworded =
    (change: (data: never) => unknown) =>
    (answer: ApiResponse): ApiResponse => {
      const body = JSON.parse(JSON.stringify(answer.body ?? null)) as { data?: never };
      return answer.status >= 300 || body?.data === undefined ? answer : { ...answer, body: { ...body, data: change(body.data) } };
    };
  const stops = [
    sandbox.faults.always({ method: 'GET', path: '/servers/{server}/sites/{site}' }, reworded(site)),
    sandbox.faults.always(
      { method: 'GET', path: /\/releases$/ },
      reworded((list: readonly Thing[]) => releases(list.map(release))),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

const same = <T>(value: T): T => value;
