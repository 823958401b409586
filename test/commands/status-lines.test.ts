import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const shop = seeded.sites['shop.example.com'];
const given = `status ${shop} --server ${seeded.servers['web-1']}`;

const bed = perTest(openBed);

const line = (label: string, text: string) => `${label.padEnd(13)}  ${text}\n`;
const terminal: RunOptions = { columns: 100, env: { NO_COLOR: '1' } };
const status = (words = '', options: RunOptions = {}) => bed.dnx(`${given} ${words}`, { ...terminal, ...options });

describe('dnx status shows', () => {
  const DAY = 86_400_000;

  test.each([
    [31, 'valid for 31d', ''],
    [3, 'expires in 3d', '\u001b[33m'],
    [-2, 'expired 2d ago', '\u001b[31m'],
  ])('a certificate that expires in %i days', async (days, words, color) => {
    for (const certificate of bed.sandbox.state.certificates)
      certificate.expires_at = new Date(bed.clock.now() + days * DAY + Math.sign(days) * 1_000).toISOString();
    expect((await status()).stdout).toContain(line('Certificate', words));
    const colored = (await status('', { env: { FORCE_COLOR: '1' } })).stdout;
    expect(colored).toContain(`${color}${words}`);
  });

  test('none for missing certificates, workers and releases', async () => {
    for (const list of ['certificates', 'queues', 'releases'] as const) bed.sandbox.state[list].length = 0;
    const { stdout } = await status();
    for (const label of ['Certificate', 'Workers']) expect(stdout).toContain(line(label, 'none'));
    expect(stdout).toContain(line('Release', 'deployed 4h ago'));
    for (const site of bed.sandbox.state.sites) site.last_deployed_at = null;
    expect((await status()).stdout).toContain(line('Release', 'none'));
  });

  test('when a site was deployed if its releases cannot be read', async () => {
    bed.sandbox.faults.always({ method: 'GET', path: /releases$/ }, { status: 422, body: { message: 'No releases.' } });
    expect((await status()).stdout).toContain(line('Release', 'deployed 4h ago'));
  });

  test('a scheduled deployment', async () => {
    const site = bed.sandbox.state.sites.find(({ id }) => id === shop);
    if (site) site.scheduled_deploy_at = '2026-04-16T15:00:00Z';
    expect((await status()).stdout).toContain(line('Scheduled', 'in 3h'));
    expect((await bed.dnx(given)).stdout).toContain(line('Scheduled', '2026-04-16T15:00:00Z'));
  });

  test('the failed release beside the live one', async () => {
    const { stdout } = await bed.dnx('status api.example.com', terminal);
    expect(stdout).toContain('● failed, but the previous release still serves');
    expect(stdout).toMatch(/^Release +c448eed .*, 8d ago\nFailed +715ad95 /m);
  });

  test('hostile text on one line, without control characters', async () => {
    const { sites, releases, queues, servers } = bed.sandbox.state;
    const evil = "\u001b]0;x\u0007'; touch x\nSite  other.example.com";
    for (const each of [...releases, ...queues, ...sites, ...servers])
      Object.assign(each, { commit_message: evil, status: evil, branch: evil, ip_address: evil, php_version: evil });
    const { code, stdout } = await bed.dnx(given, { columns: 400, env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    expect(stdout.match(/^Site /gm)).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must be gone
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });
});
