import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ApiResponse } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { changes, ensure } from '../support/ensured.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(() => openBed());

const site = ['site', 'ensure', 'new.example.com', '--type', 'laravel', '--server', 'web-1'];
const certificate = ['certificate', 'ensure', 'shop.example.com', '--site', 'shop.example.com'];
const sitesOf = (domain: string) => bed.sandbox.state.sites.filter((each) => each.domain === domain);
const certificatesOf = (domain: string) => bed.sandbox.state.certificates.filter((each) => each.domain === domain);

describe('site ensure', () => {
  test('waits until the site is installed, and accepts it then', async () => {
    const first = await ensure(bed, site, '--json');
    expect(first.json()).toMatchObject({ outcome: 'created', changed: true, site: { domain: 'new.example.com', status: 'active' } });
    expect(first.waited).toBeGreaterThan(1_000);
    const again = await ensure(bed, ['site', 'ensure', 'NEW.example.com.', '--server', 'web-1'], '--strict', '--json');
    expect([again.json(), again.waited, again.calls.length]).toEqual([
      { ...again.json(), outcome: 'unchanged', id: first.json().id },
      0,
      2,
    ]);
  });

  test('does not wait with --no-wait, and the next one waits for what is being installed', async () => {
    const first = await ensure(bed, site, '--no-wait');
    expect([first.stdout, first.waited]).toEqual(['✓ Creating site new.example.com\n', 0]);
    const still = await ensure(bed, site, '--no-wait');
    expect([still.stdout, still.stderr]).toEqual(['✓ Site new.example.com already exists\n', 'Its status is installing.\n']);
    const next = await ensure(bed, site, '--json');
    expect(next.json()).toMatchObject({ outcome: 'unchanged', site: { status: 'active' } });
    expect([changes(next), next.stderr]).toEqual([[], expect.stringContaining('Waiting for site new.example.com')]);
  });

  test('ends with 124 and goes on next time', async () => {
    const run = await bed.dnx([...site, '--timeout', '1s', '--json']);
    expect([run.code, run.json().outcome, run.stderr]).toEqual([124, 'created', expect.stringContaining('dnx site show 01')]);
    expect((await ensure(bed, site, '--json')).json()).toMatchObject({ outcome: 'unchanged', site: { status: 'active' } });
  });

  test('updates what the API can update, and says what only a creation sets', async () => {
    const line = ['site', 'ensure', 'shop.example.com', '--type', 'static', '--server', 'web-1'];
    const both = await bed.dnx([...line, '--php-version', '8.4', '--update', '--strict', '--json']);
    expect([both.code, both.json().outcome, both.json().changed]).toEqual([10, 'updated', true]);
    expect(bed.sandbox.calls.filter(({ method }) => method === 'PUT').map(({ body }) => body)).toEqual([{ php_version: '8.4' }]);
    for (const type of [await ensure(bed, line), await ensure(bed, line, '--update')])
      expect([changes(type), type.stderr]).toEqual([
        [],
        '! Site shop.example.com differs: type is laravel, not static\nThe API cannot update the type of a site.\n',
      ]);
  });

  test('asks only for the domain on a terminal, and shows a dry run', async () => {
    const asked = await bed.dnx('site ensure --server web-1', { columns: 100, keys: 'new.example.com\r', env: { NO_COLOR: '1' } });
    expect([asked.code, sitesOf('new.example.com').length]).toEqual([0, 1]);
    const other = site.with(2, 'other.example.com');
    const dry = await bed.dnx([...other, '--dry-run', '--exit-code', '--json']);
    expect([dry.code, dry.changes]).toEqual([10, []]);
    expect(dry.json()).toMatchObject({ changes: [{ call: 'POST /servers/{server}/sites' }] });
    await expect(bed.dnx([...site, '--dry-run', '--exit-code'])).toExit(0, { changes: [] });
  });
});

describe('certificate ensure', () => {
  test('accepts one that is active', async () => {
    const run = await ensure(bed, certificate, '--strict', '--json');
    expect([run.json().outcome, changes(run)]).toEqual(['unchanged', []]);
  });

  test.each([
    ['failed', { status: 'failed' }],
    ['expired', { expires_at: '2026-04-16T11:59:59Z' }],
    ['was revoked', { status: 'revoked' }],
  ])('requests another one for one that %s, and waits for it', async (_, change) => {
    for (const each of certificatesOf('shop.example.com')) Object.assign(each, change);
    const before = certificatesOf('shop.example.com').length;
    const run = await ensure(bed, certificate, '--json');
    expect(run.json()).toMatchObject({ outcome: 'created', certificate: { status: 'active' } });
    expect((await ensure(bed, certificate, '--json')).json()).toMatchObject({ outcome: 'unchanged', id: run.json().id });
    expect(certificatesOf('shop.example.com')).toHaveLength(before + 1);
  });

  test('exits with 1 if it fails, waits for one that is pending, and says that it cannot be updated', async () => {
    const failing = ['certificate', 'ensure', 'fail.example.com', '--site', 'shop.example.com'];
    const run = await bed.dnx([...failing, '--json']);
    expect([run.code, run.json().outcome, run.stderr]).toEqual([1, 'created', expect.stringContaining('NXDOMAIN')]);
    const other = certificate.with(2, 'www.example.com');
    await ensure(bed, other, '--no-wait');
    expect((await ensure(bed, other, '--json')).json()).toMatchObject({ outcome: 'unchanged', certificate: { status: 'active' } });
    const reason = await ensure(bed, [...other, '-F', 'reason=renewal']);
    expect(reason.stderr).toContain('The API cannot update certificates.');
  });

  test('takes one of another type for another one, if a type is given', async () => {
    const wildcard = [...certificate, '--type', 'wildcard', '--json'];
    expect((await ensure(bed, wildcard)).json()).toMatchObject({ outcome: 'created', certificate: { type: 'wildcard' } });
    expect((await ensure(bed, wildcard)).json()).toMatchObject({ outcome: 'unchanged', certificate: { type: 'wildcard' } });
    const run = await bed.dnx(certificate);
    expect([run.code, changes(run)]).toEqual([6, []]);
    expect(run.stderr).toContain('Use --type to tell them apart.');
  });

  test('never shows the key of a certificate, and does not compare it', async () => {
    const line = [...certificate.with(2, 'own.example.com'), '--type', 'custom', '--certificate', 'PEM', '--private-key', '-'];
    const first = await bed.dnx([...line, '--json'], { stdin: 'a private key' });
    const again = await bed.dnx([...line, '--json'], { stdin: 'another private key' });
    expect([first.code, first.json().outcome, again.json().outcome]).toEqual([0, 'created', 'unchanged']);
    expect(again.stderr).toBe('The private key was not compared. Not compared, because the API does not show it: certificate.\n');
    expect(`${first.stdout}${first.stderr}${again.stdout}${again.stderr}`).not.toContain('a private key');
  });
});

describe('a create of which nobody knows the end', () => {
  const line = ['crontab', 'ensure', 'php artisan inspire', '--frequency', '0 3 * * *', '--server', 'web-2'];
  const jobs = () => bed.sandbox.state.crontabs.filter(({ command }) => command === 'php artisan inspire');
  /** The API shows what it has created only after this many ms. */
  const shownAfter = (ms: number) => {
    const from = bed.clock.elapsed() + ms;
    bed.sandbox.faults.always({ method: 'GET', path: /crontabs$/ }, (answer: ApiResponse) => {
      if (bed.clock.elapsed() >= from) return answer;
      const { data } = answer.body as { data: readonly { command: string }[] };
      return { ...answer, body: { data: data.filter(({ command }) => command !== 'php artisan inspire') } };
    });
  };
  const interrupted = async (reply: 'hang' | 'hang-after') => {
    bed.sandbox.faults.next({ method: 'POST' }, reply);
    await expect(bed.dnx(line, { interruptOn: 'never', limitMs: 400 })).toExit(130);
  };

  test('is waited for by the next one, so that there is one', async () => {
    await interrupted('hang-after');
    shownAfter(7_000);
    const run = await ensure(bed, line, '--json');
    expect([run.json().outcome, changes(run), jobs().length]).toEqual(['unchanged', [], 1]);
    expect(run.stderr).toContain('An earlier create may still be at work. Reading the list again');
  });

  test('is sent again once the list stays as it is, and leaves no note', async () => {
    await interrupted('hang');
    const run = await ensure(bed, line, '--json');
    expect([run.json().outcome, jobs().length]).toEqual(['created', 1]);
    const after = await ensure(bed, line.with(2, 'date'), '--json');
    expect([after.json().outcome, after.waited]).toEqual(['created', 0]);
    const notes = join(bed.directory, 'state', 'creating');
    expect(existsSync(notes) && readdirSync(notes)).toEqual([]);
  });

  test('does not concern another list, nor one whose end is known', async () => {
    await interrupted('hang');
    expect((await ensure(bed, line.with(-1, 'web-1'), '--json')).waited).toBe(0);
    bed.sandbox.faults.next({ method: 'POST' }, { status: 422, body: { message: 'No.', errors: { command: ['No.'] } } });
    await expect(bed.dnx(line.with(-1, 'web-1').with(2, 'date'))).toExit(7);
    expect((await ensure(bed, line.with(-1, 'web-1').with(2, 'date'), '--json')).waited).toBe(0);
  });
});
