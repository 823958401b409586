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

/** The response with other rows on its only page, which its totals agree with. */
export function withRows(answer: ApiResponse, change: (rows: readonly Thing[]) => readonly Thing[]): ApiResponse {
  const { data, meta, ...body } = structuredClone(answer.body) as { readonly data: readonly Thing[]; readonly meta: Thing };
  const rows = change(data);
  return {
    ...answer,
    body: { ...body, data: rows, meta: { ...meta, total: rows.length, from: rows.length > 0 ? 1 : null, to: rows.length } },
  };
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
    sandbox.faults.always({ method: 'GET', path: /\/releases$/ }, (answer) =>
      answer.status >= 300 ? answer : withRows(answer, (list) => releases(list.map(release))),
    ),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

const same = <T>(value: T): T => value;
