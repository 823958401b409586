import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

/** Throws when it is converted to text or a number. */
const odd = { toString: 'x', valueOf: 1 };

/** Puts this object in one place of every response to such a request. */
function injectObject(path: string, place: 'meta' | 'id' | 'status'): void {
  bed.sandbox.faults.always({ method: 'GET', path }, (answer) => {
    const body = answer.body as { data: Record<string, unknown>[] | Record<string, unknown>; meta?: object };
    if (place === 'meta') return { ...answer, body: { ...body, meta: { ...body.meta, last_page: odd } } };
    const changed = [body.data].flat().map((each) => ({ ...each, [place]: odd }));
    return { ...answer, body: { ...body, data: Array.isArray(body.data) ? changed : changed[0] } };
  });
}

test.each([
  ['server list', '/servers', 'meta', 0],
  ['server list', '/servers', 'status', 0],
  ['site deploy shop.example.com --server web-1 --timeout 1m', '/servers/{server}/sites/{site}', 'status', 0],
  ['server provision web-2 --yes --timeout 1m', '/servers/{server}', 'status', 0],
  ['network-rule create 8080 --server web-1', '/servers/{server}/network-rules', 'meta', 0],
  ['token list --audit', '/tokens', 'id', 0],
  ['token rotate 4 --yes', '/tokens', 'id', 6],
] as const)('dnx %s does not crash if %s returns an object as %s', async (line, path, place, code) => {
  injectObject(path, place);
  const run = await bed.dnx(line);
  expect(run.stderr).not.toContain('bug');
  expect(run).toExit(code);
});

test.each([
  'token create ci --ability server:read -F name:=ODD',
  'token create ci -F abilities:=[ODD]',
  'server create web-3 --provider hetzner --region fsn1 --size cx32 -F name:=ODD',
  'certificate create a.example.com --site shop.example.com -F domain:=ODD',
])('dnx %s leaves the rejection to the API', async (line) => {
  const run = await bed.dnx(line.split(' ').map((word) => word.replace('ODD', JSON.stringify(odd))));
  expect(run).toExit(7, { stdout: '', stderr: expect.not.stringContaining('bug') });
});
