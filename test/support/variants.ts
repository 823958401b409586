import type { ApiResponse } from '../../src/sandbox/index.ts';
import type { Bed } from './dnx.ts';

export type Row = Record<string, unknown>;
type Path = string | RegExp;

export interface Body {
  data: Row | Row[];
  meta?: Record<string, unknown>;
  links?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A platform that differs: makes the sandbox respond otherwise until the returned function is called. */
export type Variant = (bed: Bed) => () => void;

/** Changes the responses to the requests at a path. */
export const answering =
  (path: Path | undefined, change: (answer: ApiResponse) => ApiResponse): Variant =>
  ({ sandbox }) =>
    sandbox.faults.always({ method: 'GET', ...(path !== undefined && { path }) }, (answer) => change(structuredClone(answer)));

/** Changes the bodies of those that succeeded. */
export const bodies = (path: Path | undefined, change: (body: Body) => unknown): Variant =>
  answering(path, (answer) => (answer.status === 200 ? { ...answer, body: change(answer.body as Body) } : answer));

/** Changes the objects in them: the rows of a list, or the one. */
export const objects = (path: Path | undefined, change: (row: Row, index: number) => Row): Variant =>
  bodies(path, (body) => ({ ...body, data: Array.isArray(body.data) ? body.data.map(change) : change(body.data, 0) }));

export const without =
  (...names: readonly string[]) =>
  (row: Row): Row =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

export const renamed =
  (name: string, other: string) =>
  (row: Row): Row =>
    Object.fromEntries(Object.entries(row).map(([key, value]) => [key === name ? other : key, value]));

export const changed =
  (name: string, change: (value: never) => unknown) =>
  (row: Row): Row =>
    name in row ? { ...row, [name]: change(row[name] as never) } : row;

export const times = (change: (time: string) => unknown) => (row: Row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, name.endsWith('_at') && typeof value === 'string' ? change(value) : value]),
  );

export const SERVERS = /^\/servers(\/\w+)?$/;
export const SITES = /^\/servers\/\w+\/sites(\/\w+)?$/;
export const ofSites = (rest: string): RegExp => new RegExp(`/sites/\\w+/${rest}$`);

/** The response of a request that fails. */
export const refused =
  (status: number, message: string, headers = {}) =>
  (): ApiResponse => ({ status, headers, body: { message } });
