import { describe, expect, test } from 'vitest';
import { openLimitedBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openLimitedBed);

const show = (words: string, env = {}) =>
  bed.dnx(`site show shop.example.com --server web-1 ${words}`, { columns: 100, env: { NO_COLOR: '1', ...env } });
const line = (label: string, text: string) => `${label.padEnd(13)}  ${text}\n`;

describe('site show', () => {
  test('prints an overview of the site', async () => {
    const run = await show('');
    expect(run).toExit(0, { stderr: '' });
    expect(run.stdout).toBe(
      [
        ['Domain', 'shop.example.com'],
        ['Status', '● active'],
        ['Server', 'web-1  203.0.113.10'],
        ['URL', 'https://shop.example.com'],
        ['Repository', 'example/shop'],
        ['Branch', 'main'],
        ['Release', '643deaf Cache the category tree for ten minutes, 4h ago'],
        ['Deployed', '4h ago'],
        ['Certificate', 'valid for 48d'],
        ['Type', 'laravel'],
        ['PHP', '8.3'],
        ['Web directory', '/public'],
        ['Zero downtime', 'yes'],
        ['Scheduled', '–'],
        ['Created', '12mo ago'],
        ['ID', '01JQ8Z4T9G00000000000SH0P1'],
      ]
        .map(([label = '', text = '']) => line(label, text))
        .join(''),
    );
  });

  test.each(['--json', '-o yaml', '-o csv', '-o ids', '--query domain', '--fields domain,status'])(
    'requests only the site with %s',
    async (words) => {
      const run = await show(`${words} --server 01JQ8Z4T9G00000000000WEB01`.replace('--server web-1', ''));
      expect(run).toExit(0);
      expect(run.calls.filter((call) => !call.includes('/sites') && call !== 'GET /servers')).toEqual([]);
      expect(run.calls.filter((call) => /releases|certificates/.test(call))).toEqual([]);
    },
  );

  test("--json prints only the API's response", async () => {
    const site = bed.sandbox.state.sites.find(({ domain }) => domain === 'shop.example.com');
    const { dotenv: _, ...sent } = site ?? { dotenv: '' };
    expect((await show('--json')).json()).toEqual(sent);
  });

  test('prints absolute times in a pipe', async () => {
    const run = await bed.dnx('site show shop.example.com --server web-1');
    expect(run.stdout).toContain(line('Deployed', '2026-04-16T07:12:00Z'));
    expect(run.stdout).toContain(line('Release', '643deaf Cache the category tree for ten minutes, 2026-04-16T07:12:00Z'));
    expect(run.stdout).toContain(line('Certificate', 'valid until 2026-06-03T12:00:00Z'));
    expect(run.stdout).not.toMatch(/ ago\b|\bin \d/);
  });

  test('needs only site:read, and prints what the token can read', async () => {
    const run = await bed.dnx('token abilities --for "site show 1 --server 2" -o json');
    expect(run.json<{ ability: string }[]>().map(({ ability }) => ability)).toEqual(['site:read']);
    const DNX_TOKEN = bed.sandbox.mint(['site:read', 'server:read']);
    const shown = await show('', { DNX_TOKEN });
    expect(shown).toExit(0, { stderr: '', stdout: expect.stringContaining(line('Certificate', '–')) });
    expect(shown.stdout).toContain(line('Repository', '–'));
    expect(shown.stdout).toContain(line('URL', 'https://shop.example.com'));
  });

  test.each([
    ['/servers/{server}/sites/{site}/certificates', { status: 404 }, 'Certificate'],
    ['/servers/{server}/sites/{site}/certificates', 'drop', 'Certificate'],
    ['/servers/{server}/sites/{site}/releases', { status: 500 }, 'Release'],
    ['/git-repositories/{git_repository}', { status: 503 }, 'Repository'],
  ] as const)('does not fail if %s returns %j, and says so', async (path, fault, label) => {
    bed.sandbox.faults.always(
      { method: 'GET', path },
      fault === 'drop' ? fault : (answer) => ({ ...answer, ...fault, body: { message: 'No.' } }),
    );
    const run = await show('');
    expect(run).toExit(0, { stderr: '', stdout: expect.stringMatching(new RegExp(`^${label} +not read: `, 'm')) });
    expect(run.waited).toBeLessThan(11_000);
  });

  test.each([
    ['site show shop.example.com --server web-1', '/servers/{server}/sites/{site}/releases'],
    ['server show web-1', '/servers/{server}/sites'],
  ])('gives up at once where the rate limit outlasts its patience: %s', async (line, path) => {
    bed.sandbox.faults.always({ method: 'GET', path }, { status: 429, headers: { 'retry-after': '600' } });
    await expect(bed.dnx(line)).toExit(0, { stderr: '', waited: 0 });
  });

  test.each([
    ['expired', -2, 'expired 2d ago', 'http://shop.example.com'],
    ['active', -2, 'expired 2d ago', 'http://shop.example.com'],
    ['active', 31, 'valid for 31d', 'https://shop.example.com'],
    ['installing', undefined, 'installing', 'http://shop.example.com'],
  ])('shows a certificate that is %s and expires in %s days', async (status, days, words, url) => {
    const expires_at = days === undefined ? null : new Date(bed.clock.now() + days * 86_400_000 + Math.sign(days) * 1_000).toISOString();
    for (const certificate of bed.sandbox.state.certificates) Object.assign(certificate, { status, expires_at });
    const { stdout } = await show('');
    expect(stdout).toContain(line('Certificate', words));
    expect(stdout).toContain(line('URL', url));
  });

  test('prints none for missing certificates and releases', async () => {
    bed.sandbox.state.certificates.length = 0;
    bed.sandbox.state.releases.length = 0;
    const { stdout } = await show('');
    expect(stdout).toContain(line('Certificate', 'none'));
    expect(stdout).toContain(line('Release', 'none'));
  });
});

describe('server show', () => {
  const shown = (env = {}) => bed.dnx('server show web-1', { columns: 80, env: { NO_COLOR: '1', ...env } });

  test('prints the names of the sites and the SSH command', async () => {
    const { stdout } = await shown();
    expect(stdout).toContain('SSH          ssh deploynix@203.0.113.10\n');
    expect(stdout).toContain('Sites        shop.example.com, blog.example.com, staging.example.com\n');
  });

  test('wraps the sites on a narrow terminal', async () => {
    const run = await bed.dnx('server show web-1', { columns: 40, env: { NO_COLOR: '1' } });
    const indent = ' '.repeat(13);
    expect(run.stdout).toContain(`Sites        shop.example.com,\n${indent}blog.example.com,\n${indent}staging.example.com\n`);
  });

  test('prints the number of sites if the token cannot read them', async () => {
    const run = await shown({ DNX_TOKEN: bed.sandbox.mint(['server:read']) });
    expect(run).toExit(0, { stderr: '', stdout: expect.stringContaining('Sites        3\n') });
  });
});
