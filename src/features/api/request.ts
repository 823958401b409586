import { usage } from '../../base/errors.ts';
import { orList } from '../../base/text.ts';
import type { Words } from '../../cli/language/command.ts';
import { seeHelp } from '../../cli/run/command-line.ts';
import type { Endpoint } from '../../platform/api/endpoint.ts';
import { operationOf } from './address.ts';

/** The HTTP methods of `dnx api`. */
export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The words of `dnx api`. A single one is the path. */
interface Given {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly input?: string | undefined;
}

/** A request of `dnx api`. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
}

const methodIn = (word: string): string | undefined => methods.find((method) => method === word.toUpperCase());

/** The method and path. Without a method it is GET, even with -F: a change must be asked for. */
export function requestOf({ method: first, path, input }: Given): ApiRequest {
  if (first === undefined || (path === undefined && methodIn(first))) throw usage('Missing <path>.', undefined, seeHelp('api'));
  if (path !== undefined) return { method: checked(first, path), path };
  if (input !== undefined)
    throw usage('--input needs a method: without one, dnx sends a GET, which has no body.', 'For example: dnx api POST PATH --input FILE');
  return { method: 'GET', path: first };
}

function checked(first: string, path: string): string {
  const method = methodIn(first);
  if (method !== undefined) return method;
  const other = methodIn(path);
  if (other !== undefined) throw usage('The method comes before the path.', `For example: dnx api ${other} PATH`);
  throw usage(`'${first}' is not an HTTP method.`, `Use ${orList(methods)}.`);
}

/** The operation of a command line; none without a request. */
export function requestedOperations({ method, path, rate, schema }: Words): readonly Endpoint[] {
  if (rate || schema || typeof method !== 'string') return [];
  if (typeof path === 'string') return [operationOf(method, path)];
  return methodIn(method) ? [] : [operationOf('GET', method)];
}
