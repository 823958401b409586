import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Ran, Started } from '../support/executable.ts';
import { type LogBed, openLogBed } from '../support/followed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';
import { sampled, seedOf, volume } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('logs');
/** A PHP version that no machine has, for a file of its own in /var/log. */
const PHP = `8.${process.pid}`;
const system: readonly string[] = [
  `/var/log/nginx/${DOMAIN}-error.log`,
  `/var/log/nginx/${DOMAIN}-access.log`,
  `/var/log/php${PHP}-fpm.log`,
  `/var/log/supervisor/${DOMAIN}.log`,
];
const LARAVEL = 'shared/storage/logs/laravel.log';
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');

let bed: LogBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openLogBed(DOMAIN);
  bed.sshd.share();
  for (const file of system) {
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `from ${file}\n`);
  }
});
beforeEach(() => bed?.reset());
afterAll(async () => {
  for (const file of system) rmSync(file, { force: true });
  await bed?.close();
});

const logs = (...args: readonly string[]) => bed.here(['logs', DOMAIN, ...args]);

/** Runs dnx with all these arguments at the same time. Each prints what stands beside it. */
async function allPrint(cases: readonly (readonly [args: readonly string[], printed: string])[]): Promise<void> {
  const runs = await Promise.all(cases.map(async ([args]) => ({ args, ...pick(await logs(...args)) })));
  expect(runs).toEqual(cases.map(([args, stdout]) => ({ args, exitCode: 0, stderr: '', stdout })));
}

const pick = ({ exitCode, stderr, stdout }: Ran | Awaited<Started>) => ({ exitCode, stderr, stdout });

describe('each source', () => {
  it('of a site', async () => {
    bed.reset({
      [LARAVEL]: 'from laravel\n',
      'logs/deploy.log': 'from deploy\n',
      'worker.log': 'from worker\n',
      'logs/scheduler.log': 'from scheduler\n',
      'shared/storage/logs/horizon.log': 'from horizon\n',
      'releases/20260102_000000/storage/own.log': 'from the live release\n',
    });
    for (const each of bed.sandbox.state.sites) if (each.domain === DOMAIN) each.php_version = PHP;
    const [error = '', access = '', php = '', daemon = ''] = system;
    await allPrint([
      [['--source', 'nginx'], `==> ${error} <==\nfrom ${error}\n\n==> ${access} <==\nfrom ${access}\n`],
      [['--source', 'php'], `from ${php}\n`],
      [['--source', 'deploy'], 'from deploy\n'],
      [['--source', 'laravel'], 'from laravel\n'],
      [['--source', 'worker'], 'from worker\n'],
      [['--source', 'scheduler'], 'from scheduler\n'],
      [['--source', 'horizon'], 'from horizon\n'],
      [['--path', daemon], `from ${daemon}\n`],
      [['--path', 'storage/own.log'], 'from the live release\n'],
    ]);
    bed.reset({ 'worker.log': 'from worker\n' });
    await allPrint([[['--source', 'daemon'], 'from worker\n']]);
  });

  it('of a deployment wherever dnx why looks for it', async () => {
    const first = '20260101_000000';
    const files = [
      'deployment.log',
      `logs/${first}.log`,
      `releases/${first}.log`,
      'releases/20260102_000000/deploy.log',
      'shared/logs/deploy.log',
    ];
    for (const file of sampled(files, 2, seedOf(8))) {
      bed.reset({ [file]: `from ${file}\n`, 'logs/2026-01-01.log': 'no deployment\n' });
      await expect(logs('--source', 'deploy')).toExit(0, { stderr: '', stdout: `from ${file}\n` });
    }
  });

  it('of a server are read with --source, or with --path from the home directory', async () => {
    for (const each of bed.sandbox.state.servers) if (each.name === 'web-1') each.php_version = PHP;
    await expect(bed.here(['logs', 'web-1', '--source', 'php'])).toExit(0, { stderr: '', stdout: `from ${system[2]}\n` });
    expect((await bed.here(['logs', 'web-1', '--source', 'daemon'])).stdout).toContain(`from ${system[3]}\n`);
    bed.reset({ 'own.log': 'from the home directory\n' });
    const own = await bed.here(['logs', 'web-1', '--path', `${DOMAIN}/own.log`, '--path', 'nowhere.log']);
    const missing = 'Error: No such file on web-1: /home/deploynix/nowhere.log\n';
    expect(own).toExit(6, { stderr: missing, stdout: 'from the home directory\n' });
  });

  it('the newest file of the daily channel', async () => {
    bed.reset({
      [LARAVEL]: 'stale\n',
      'shared/storage/logs/laravel-2026-01-01.log': 'yesterday\n',
      'shared/storage/logs/laravel-2026-01-02.log': 'today\n',
    });
    const at = (file: string, time: string) => execFileSync('touch', ['-d', time, join(bed.root, file)]);
    at(LARAVEL, '2025-12-01');
    at('shared/storage/logs/laravel-2026-01-01.log', '2026-01-01');
    at('shared/storage/logs/laravel-2026-01-02.log', '2026-01-02');
    expect((await logs()).stdout).toBe('today\n');
  });

  it('in the live release, and without releases', async () => {
    bed.reset({
      'releases/20260101_000000/storage/logs/laravel.log': 'old\n',
      'releases/20260102_000000/storage/logs/laravel.log': 'live\n',
    });
    expect((await logs()).stdout).toBe('live\n');
    bed.sshd.site(DOMAIN, { files: { 'storage/logs/laravel.log': 'plain\n' } });
    expect((await logs()).stdout).toBe('plain\n');
  });
});

describe('lines', () => {
  it('are the last ones, with --trace byte for byte', async () => {
    const cases: readonly (readonly [content: string, lines: number | undefined, printed: string])[] = [
      ['', 5, ''],
      ['one', 1, 'one'],
      ['one\ntwo', 1, 'two'],
      ['one\ntwo\n', 1, 'two\n'],
      ['\n\n\n', 2, '\n\n'],
      [numbered(300), undefined, numbered(300).split('\n').slice(200).join('\n')],
      [numbered(100_000), 99_999, numbered(100_000).slice('line 1\n'.length)],
      [numbered(10), 4_000_000_000, numbered(10)],
      ['é\u0000\u001b[31m\r\n \n', 9, 'é\u0000\u001b[31m\r\n \n'],
    ];
    const file = (index: number) => `${index}.log`;
    bed.reset(Object.fromEntries(cases.map(([content], index) => [file(index), content])));
    await allPrint(
      cases.map(([, lines, printed], index) => [
        ['--trace', '--path', `${bed.root}/${file(index)}`, ...(lines === undefined ? [] : ['-n', String(lines)])],
        printed,
      ]),
    );
  });

  it('of megabytes stay whole, in every format', async () => {
    const long = 'é'.repeat(volume(5_000_000, 1_200_000));
    bed.reset({ [LARAVEL]: `before\n${long}\n` });
    const [raw, items] = [await logs('-n', '1'), await logs('-n', '1', '-o', 'json')];
    expect([raw.exitCode, raw.stdout === `${long}\n`]).toEqual([0, true]);
    expect(JSON.parse(items.stdout)[0].line === long).toBe(true);
  });
});

describe('formats', () => {
  const of = { site: DOMAIN, source: 'laravel', file: `/home/deploynix/${DOMAIN}/${LARAVEL}`, time: null, level: null };
  const items = ['line 2', 'no, "end"'].map((line) => ({ ...of, line, trace: null }));
  it('have a line or an item per entry', async () => {
    bed.reset({ [LARAVEL]: 'line 1\nline 2\nno, "end"' });
    const cases: readonly (readonly [args: readonly string[], printed: string])[] = [
      [['-o', 'json'], `${JSON.stringify(items, null, 2)}\n`],
      [['-o', 'ndjson'], items.map((each) => `${JSON.stringify(each)}\n`).join('')],
      [['-o', 'ndjson', '--fields', 'line'], '{"line":"line 2"}\n{"line":"no, \\"end\\""}\n'],
      [['-o', 'json', '--query', '[-1].line'], '"no, \\"end\\""\n'],
      [['-o', 'csv', '--fields', 'line'], 'line\nline 2\n"no, ""end"""\n'],
      [['--fields', 'line'], 'LINE\nline 2\nno, "end"\n'],
      [['-o', 'ndjson', '--query', 'line'], '"line 2"\n"no, \\"end\\""\n'],
      [['-o', 'text'], 'line 2\nno, "end"\n'],
    ];
    await allPrint(sampled(cases, 5, seedOf(17)).map(([args, printed]) => [['-n', '2', ...args], printed]));
  });

  it('that need an end, or ids, are a usage error', async () => {
    bed.reset({ [LARAVEL]: 'line\n' });
    const cases: readonly (readonly [args: readonly string[], message: string])[] = [
      [['-o', 'ids'], '-o ids needs ids, which the entries of a log do not have.'],
      [['--fields', 'severity', '-o', 'json'], "'severity'"],
      [['-f', '--query', '[0]'], '-f with --query or --fields needs -o ndjson or -o json.'],
      [['-f', '-o', 'yaml'], '-f cannot be combined with -o yaml.'],
      [['-f', '--limit', '1'], '-f cannot be combined with --sort or --limit.'],
    ];
    const some = sampled(cases, 3, seedOf(18));
    // The end of the process is that of the connection.
    const runs = await Promise.all(some.map(([args]) => bed.dnx(['logs', DOMAIN, ...args])));
    expect(runs.map(pick)).toEqual(some.map(([, message]) => ({ exitCode: 2, stdout: '', stderr: expect.stringContaining(message) })));
  });

  it('has no control characters on a terminal, and colored levels', async () => {
    bed.reset({
      [LARAVEL]: '[2026-01-02 03:04:05] production.ERROR: \u001b[2J\u001b]0;x\u0007\rover\u202e\ttab\n[2026-01-02 03:04:05] a.WARNING: b',
    });
    const { raw, code } = await openTerminal(['logs', DOMAIN], { ...bed.env }, bed.directory, 80).ended;
    const [red, yellow, end] = ['\u001b[31m', '\u001b[33m', '\u001b[39m'];
    expect([code, raw]).toEqual([
      0,
      `\u001b[2mConnecting to web-1\u001b[22m\r\n[2026-01-02 03:04:05] production.${red}ERROR${end}: over\ttab\r\n[2026-01-02 03:04:05] a.${yellow}WARNING${end}: b\r\n`,
    ]);
  });

  it('runs no command of GitHub Actions, except with -o text', async () => {
    bed.reset({ [LARAVEL]: '::add-mask::x\n' });
    const env = { GITHUB_ACTIONS: 'true' };
    const [read, text] = [await bed.here(['logs', DOMAIN], { env }), await bed.here(['logs', DOMAIN, '-o', 'text'], { env })];
    expect([read.stdout, text.stdout]).toEqual([': :add-mask::x\n', '::add-mask::x\n']);
  });
});

describe('a pipe', () => {
  it('that is closed ends dnx with 0', async () => {
    bed.reset({ [LARAVEL]: numbered(500_000) });
    const run = await bed.shell(`dnx logs ${DOMAIN} -n 500000 | head -1; echo "\${PIPESTATUS[@]}"`);
    expect([run.stdout, run.stderr]).toEqual(['line 1\n0 0\n', '']);
  });
});
