import { describe, expect, test } from 'vitest';
import type { Endpoint } from '../../src/platform/api/endpoint.ts';
import { operationAt, operations } from '../../src/platform/operations.ts';

describe('operationAt', () => {
  test.each(Object.keys(operations))('finds %s by a path with ids', (call) => {
    const [method = '', pattern = ''] = call.split(' ');
    const names = [...pattern.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const path = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => `01-${name}`);
    expect(operationAt(method, path)).toEqual({
      call: call as Endpoint,
      ids: Object.fromEntries(names.map((name) => [name, `01-${name}`])),
    });
  });

  test.each([
    ['GET', '/servers/a%20b?page=2', { server: 'a b' }],
    ['GET', '/serv%65rs/7', { server: '7' }],
    ['GET', '/servers/{server}', { server: '{server}' }],
  ])('reads %s %s', (method, path, ids) => {
    expect(operationAt(method, path)).toEqual({ call: 'GET /servers/{server}', ids });
  });

  test.each([
    ['PATCH', '/servers/7'],
    ['get', '/servers/7'],
    ['GET', '/SERVERS/7'],
    ['GET', 'servers/7'],
    ['GET', '/servers/7/'],
    ['GET', '//servers/7'],
    ['GET', '/servers//7'],
    ['GET', '/servers/..'],
    ['GET', '/servers/%2e%2e'],
    ['GET', '/servers/7%2Fsites'],
    ['GET', '/servers/7%5csites'],
    ['GET', '/servers/%ff'],
    ['POST', '/servers/7/restart?_method=DELETE'],
    ['POST', '/servers/7/restart?.method=DELETE'],
    ['POST', '/servers/7/restart?%20[method=DELETE'],
    ['POST', '/servers/7/restart?a=1&%5Fmethod=DELETE'],
    ['GET', '/__proto__'],
    ['GET', ''],
  ])('knows nothing at %s %s', (method, path) => {
    expect(operationAt(method, path)).toBeUndefined();
  });
});
