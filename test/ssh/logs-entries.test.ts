import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { collected, type LogBed, openLogBed } from '../support/followed.ts';
import { openSilence, stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('entries');
const OTHER = ownDomain('other');
const LARAVEL = 'shared/storage/logs/laravel.log';

const failed = (at: string) => ({
  line: `[2026-01-02 ${at}] production.ERROR: Payment failed {"exception":"[object] (RuntimeException(code: 0): Payment failed at /app/Pay.php:12)`,
  trace: '[stacktrace]\n#0 /app/Pay.php(12): App\\Pay->run()\n#1 {main}\n"} ',
});
const first = failed('03:04:05');
const last = failed('05:00:00');
const CONTENT = [
  '[2026-01-02 03:00:00] production.INFO: Order 1 paid',
  `${first.line}\n${first.trace}`,
  '[2026-01-02 04:00:00] production.WARNING: Slow query\nselect *\n\nfrom orders',
  '[2026-01-02 04:30:00] production.INFO: Zahlung für Jürgen',
  `${last.line}\n${last.trace}`,
  '',
].join('\n');
const MORE = '    + 4 more lines (--trace)';

let bed: LogBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openLogBed(DOMAIN);
  bed.sshd.share();
  const blog = bed.sandbox.state.sites.find(({ id }) => id === seeded.sites['blog.example.com']);
  if (blog) blog.domain = OTHER;
  for (const each of bed.sandbox.state.servers) each.ip_address = '127.0.0.1';
});
beforeEach(() => bed?.reset({ [LARAVEL]: CONTENT }));
afterAll(() => bed?.close());

const logs = (...args: readonly string[]) => bed.here(['logs', DOMAIN, ...args]);

/** What dnx prints with these arguments. */
async function printed(...args: readonly string[]): Promise<string> {
  const run = await logs(...args);
  const file = join(bed.root, LARAVEL);
  expect(run).toExit(0, { stderr: run.stdout.replace('[]\n', '') === '' ? `No matching entries in ${file}\n` : '' });
  return run.stdout;
}

const of = { site: DOMAIN, source: 'laravel', file: `/home/deploynix/${DOMAIN}/${LARAVEL}` };
const items = [
  { ...of, time: '2026-01-02T04:30:00Z', level: 'info', line: '[2026-01-02 04:30:00] production.INFO: Zahlung für Jürgen', trace: null },
  { ...of, time: '2026-01-02T05:00:00Z', level: 'error', ...last },
];
const ndjson = items.map((each) => `${JSON.stringify(each)}\n`).join('');

describe('entries', () => {
  it('are counted, not lines, and their traces are collapsed', async () => {
    expect(await printed('-n', '3')).toBe(
      `[2026-01-02 04:00:00] production.WARNING: Slow query\nselect *\n\nfrom orders\n${items[0]?.line}\n${last.line}\n${MORE}\n`,
    );
    expect(await printed('-n', '2', '--trace')).toBe(`${items[0]?.line}\n${last.line}\n${last.trace}\n`);
    expect(await printed('-n', '99', '--trace')).toBe(CONTENT);
  });

  it('are the same in JSON and NDJSON, and with -f', async () => {
    expect(JSON.parse(await printed('-n', '2', '-o', 'json'))).toEqual(items);
    expect(await printed('-n', '2', '-o', 'ndjson')).toBe(ndjson);
    expect(await printed('-n', '2', '-o', 'ndjson', '--query', 'level')).toBe('"info"\n"error"\n');
    const followed = bed.follow(['-f', '-n', '2', '-o', 'ndjson']);
    await followed.shows(ndjson);
    appendFileSync(join(bed.root, LARAVEL), `${first.line}\n`);
    appendFileSync(join(bed.root, LARAVEL), `${first.trace}\n`);
    const next = `${JSON.stringify({ ...of, time: '2026-01-02T03:04:05Z', level: 'error', ...first })}\n`;
    await followed.shows(next);
    expect((await followed.end()).stdout).toBe(ndjson + next);
  });

  it('stand before a dim line about the trace on a terminal', async () => {
    const { raw } = await openTerminal(['logs', DOMAIN, '-n', '1'], { ...bed.env }, bed.directory, 200).ended;
    expect(raw.slice(raw.indexOf('[2026'))).toBe(
      `${last.line.replace('ERROR', '\u001b[31mERROR\u001b[39m')}\r\n\u001b[2m${MORE}\u001b[22m\r\n`,
    );
  });

  it('name the exceptions that led to another one', async () => {
    const previous = '[previous exception] [object] (PDOException(code: 2002): Connection refused at /app/Db.php:3)';
    const content = `${first.line}\n[stacktrace]\n#0 {main}\n\n${previous}\n[stacktrace]\n#0 {main}\n"} \n`;
    bed.reset({ [LARAVEL]: content });
    expect(await printed()).toBe(`${first.line}\n${previous}\n    + 6 more lines (--trace)\n`);
    expect(await printed('--trace', '--grep', 'refused')).toBe(content);
    expect(await printed('--trace')).toBe(content);
  });

  it('in a file that is larger than what dnx reads first', async () => {
    const long = `[2026-01-02 06:00:00] production.ERROR: long\n${'#0 /app/x.php(1): x()\n'.repeat(20_000)}`;
    const short = '[2026-01-02 07:00:00] production.INFO: short\n';
    bed.reset({ [LARAVEL]: `${CONTENT}${long}${short}` });
    const note = '    + 20000 more lines (--trace)\n';
    expect(await printed('-n', '2')).toBe(`[2026-01-02 06:00:00] production.ERROR: long\n${note}${short}`);
    expect(await printed('-n', '3', '--trace')).toBe(`${last.line}\n${last.trace}\n${long}${short}`);
  });
});

describe('a search', () => {
  const cases: readonly (readonly [args: readonly string[], times: readonly string[]])[] = [
    [
      ['--level', 'warning'],
      ['03:04', '04:00', '05:00'],
    ],
    [['--level', 'error', '-n', '1'], ['05:00']],
    [
      ['--since', '2026-01-02 04:00', '--until', '2026-01-02T04:45:00Z'],
      ['04:00', '04:30'],
    ],
    [['--grep', 'PAY->RUN'], []],
    [
      ['--grep', 'pay->run'],
      ['03:04', '05:00'],
    ],
    [
      ['--grep', 'für|from orders'],
      ['04:00', '04:30'],
    ],
    [['--grep', 'payment', '--until', '2026-01-02 04:00'], ['03:04']],
  ];
  it.each(cases)('with %j', async (args, times) => {
    const shown = JSON.parse(await printed(...args, '--json')) as readonly { readonly time: string }[];
    expect(shown.map(({ time }) => time.slice(11, 16))).toEqual(times);
    const text = await printed(...args);
    expect([...text.matchAll(/^\[2026-01-02 (\d\d:\d\d)/gm)].map(([, time]) => time)).toEqual(times);
  });

  it('by how long ago it was reads only the end of a large file', async () => {
    const at = (ago: number) => new Date(Date.now() - ago).toISOString().slice(0, 19).replace('T', ' ');
    const recent = `[${at(60_000)}] production.ERROR: recent\n`;
    bed.reset({ [LARAVEL]: `${`[${at(40 * 3_600_000)}] production.ERROR: old\n`.repeat(10_000)}${recent}` });
    expect(await printed('--since', '10m')).toBe(recent);
    expect((await printed('--since', '2d')).split('\n')).toHaveLength(10_002);
  });

  it('goes on with -f', async () => {
    const followed = bed.follow(['-f', '--level', 'error', '--grep', 'failed', '-n', '1']);
    await followed.shows(`${last.line}\n${MORE}\n`);
    for (const level of ['INFO', 'ERROR', 'INFO'])
      appendFileSync(join(bed.root, LARAVEL), `[2026-01-02 06:00:00] production.${level}: It failed\n`);
    await followed.shows('06:00:00');
    expect((await followed.end()).stdout).toBe(`${last.line}\n${MORE}\n[2026-01-02 06:00:00] production.ERROR: It failed\n`);
  });

  it('knows the levels and times of nginx and workers', async () => {
    bed.reset({
      'logs/error.log': '2026/01/02 03:04:05 [warn] 1#1: a\n2026/01/02 03:04:06 [crit] 1#1: b\nPHP message: c\n',
      'logs/access.log': [200, 404, 502]
        .map((code) => `::1 - - [02/Jan/2026:05:04:0${code % 7} +0200] "GET / HTTP/2" ${code} 5 "-" "x"\n`)
        .join(''),
      'logs/worker.log': '  2026-01-02 03:04:05 App\\Jobs\\A ... RUNNING\n  2026-01-02 03:04:06 App\\Jobs\\A ... 9ms FAIL\n',
    });
    const shown = async (...args: readonly string[]) =>
      (JSON.parse(await printed(...args, '--json')) as readonly { time: string; level: string }[]).map(
        ({ time, level }) => `${time} ${level}`,
      );
    expect(await shown('--source', 'nginx', '--level', 'error')).toEqual(['2026-01-02T03:04:06Z critical', '2026-01-02T03:04:05Z error']);
    expect(await shown('--source', 'worker', '--level', 'error')).toEqual(['2026-01-02T03:04:06Z error']);
  });
});

describe('lines of JSON by Monolog', () => {
  const written = (more: object, message = 'Payment of Jürgen "failed"\nat 3', time = '2026-01-02T05:04:05.123456+02:00') =>
    JSON.stringify({ message, context: {}, level: 400, level_name: 'ERROR', channel: 'production', datetime: time, extra: {}, ...more });
  const trace = ['/app/Pay.php:12', '/app/Kernel.php:3'];
  const exception = { class: 'RuntimeException', message: 'No', code: 0, file: '/app/Pay.php:12', trace };
  const lines = [
    written({ context: { exception, order: 7 } }),
    written({ level: 200, level_name: 'INFO', extra: { host: 'web-1' } }, 'Paid', '2026-01-02T03:05:00+00:00'),
    // By the formatter of Logstash.
    '{"@timestamp":"2026-01-02T03:06:00.000000+00:00","@version":1,"host":"web-1","message":"Slow","type":"app","channel":"local","level":"WARNING","monolog_level":300}',
  ];
  const content = lines.map((line) => `${line}\n`).join('');

  it('have a time and a level, by which they are searched and counted', async () => {
    bed.reset({ [LARAVEL]: `${content}{"no": "record"}\n` });
    const file = of.file;
    const found = JSON.parse(await printed('--since', '2026-01-02 03:04', '--level', 'warning', '--json'));
    expect(found).toEqual([
      { ...of, file, time: '2026-01-02T03:04:05.123Z', level: 'error', line: lines[0], trace: null },
      { ...of, file, time: '2026-01-02T03:06:00Z', level: 'warning', line: `${lines[2]}\n{"no": "record"}`, trace: null },
    ]);
    bed.reset({ [LARAVEL]: content });
    expect(await printed('-n', '2')).toBe(`${lines[1]}\n${lines[2]}\n`);
    expect(await printed('--trace')).toBe(content);
  });

  it('are lines of Laravel on a terminal, with their traces collapsed', async () => {
    bed.reset({ [LARAVEL]: content });
    const shown = async (...args: readonly string[]) => {
      const { raw } = await openTerminal(['logs', DOMAIN, ...args], { ...bed.env, NO_COLOR: '1' }, bed.directory, 300).ended;
      return raw.slice(raw.indexOf('[2026')).replaceAll('\r\n', '\n');
    };
    const failure = '{"exception":{"class":"RuntimeException","message":"No","code":0,"file":"/app/Pay.php:12"},"order":7}';
    const others = '[2026-01-02 03:05:00] production.INFO: Paid {"host":"web-1"}\n[2026-01-02 03:06:00] local.WARNING: Slow\n';
    const first = `[2026-01-02 03:04:05] production.ERROR: Payment of Jürgen "failed"\nat 3 ${failure}\n`;
    expect(await shown()).toBe(`${first}    + 2 more lines (--trace)\n${others}`);
    expect(await shown('--trace', '-n', '3')).toBe(`${first}${trace.join('\n')}\n${others}`);
  });
});

describe('several sites', () => {
  it('are shown by time, each line with its site', async () => {
    bed.sshd.site(OTHER, { files: { 'storage/logs/laravel.log': '[2026-01-02 04:50:00] production.INFO: of the blog\n\ttwo\n' } });
    const width = Math.max(DOMAIN.length, OTHER.length);
    const [own, other] = [DOMAIN.padEnd(width), OTHER.padEnd(width)];
    const lines = [
      `${own} ${items[0]?.line}`,
      `${other} [2026-01-02 04:50:00] production.INFO: of the blog`,
      `${other} \ttwo`,
      `${own} ${last.line}`,
      `${own} ${MORE}`,
      '',
    ];
    expect(await printed(OTHER, '-n', '2')).toBe(lines.join('\n'));
    expect(await printed(OTHER, '-n', '2', '-o', 'ndjson', '--query', 'site')).toBe(
      [DOMAIN, OTHER, DOMAIN].map((each) => `"${each}"\n`).join(''),
    );
    const followed = bed.follow([OTHER, '-f', '-n', '1']);
    await followed.shows(`${other} \ttwo\n`);
    await followed.shows(`${own} ${MORE}\n`);
    await followed.end();
    bed.sshd.site(OTHER);
    const { raw } = await openTerminal(['logs', DOMAIN, OTHER, '-n', '1'], { ...bed.env }, bed.directory, 200).ended;
    expect(raw).toContain(`\u001b[36m${own}\u001b[39m [2026`);
  });

  it('are all of them with --all, or those of a server', async () => {
    const line = '[2026-01-02 04:50:00] production.INFO: of the blog';
    bed.sshd.site(OTHER, { files: { 'storage/logs/laravel.log': `${line}\n` } });
    const { servers, sites } = bed.sandbox.state;
    const names = sites.map(({ domain }) => domain);
    const width = Math.max('web-1/staging.example.com'.length, ...names.map(({ length }) => length));
    const failed = names.length - 2;
    const all = await bed.here(['logs', '--all', '-n', '1']);
    expect(all).toExit(12, {
      stdout: `${OTHER.padEnd(width)} ${line}\n${DOMAIN.padEnd(width)} ${last.line}\n${DOMAIN.padEnd(width)} ${MORE}\n`,
      says: `\nError: ${failed} of ${names.length} sites failed\n`,
    });
    // Two sites have this name.
    for (const name of ['web-1/staging.example.com', 'web-2/staging.example.com', 'docs.example.com'])
      expect(all.stderr).toMatch(new RegExp(`No directory of ${name} on \\S+: \\S+\\. Name the file with --path\\.\n`));
    const server = servers.find(({ id }) => id === sites.find(({ domain }) => domain === DOMAIN)?.server_id)?.name ?? '';
    const own = await bed.here(['logs', '--all', '--server', server, '-n', '1', '-o', 'ndjson', '--query', 'site']);
    expect(own).toExit(12, { stdout: [OTHER, DOMAIN].map((name) => `"${name}"\n`).join('') });
  });

  it('are followed although one server accepts and stays silent', async () => {
    bed.sshd.site(OTHER, { files: { 'storage/logs/laravel.log': '[2026-01-02 04:50:00] production.INFO: of the blog\n' } });
    const silent = await openSilence(bed.sshd, '127.0.0.2');
    const { servers, sites } = bed.sandbox.state;
    const other = servers.find(({ name }) => name === 'web-2');
    if (other) other.ip_address = '127.0.0.2';
    const shop = sites.find(({ domain }) => domain === DOMAIN);
    for (let id = 9000; shop && id < 9010; id += 1) sites.push({ ...shop, id: String(id), domain: `more-${id}.example.com` });
    const run = collected(bed.dnx(['logs', '--all', '-f', '-n', '1'], { env: { PATH: silent.path } }));
    await silent.connected;
    await run.shows('of the blog\n');
    await run.shows(`${MORE}\n`);
    await run.says('Could not connect to web-2 over SSH');
    appendFileSync(join(bed.root, LARAVEL), '[2026-01-02 06:00:00] production.INFO: still there\n');
    await run.shows('still there');
    expect((await run.end()).stderr).not.toContain('Warning');
    sites.splice(sites.findIndex(({ id }) => id === '9000'));
    if (other) other.ip_address = '127.0.0.1';
    await silent.close();
  });

  it('a name that another site has by now is looked up again', async () => {
    const line = '[2026-01-02 04:50:00] production.INFO: of the blog';
    bed.sshd.site(OTHER, { files: { 'storage/logs/laravel.log': `${line}\n` } });
    const one = () => printed(OTHER, '-n', '1');
    expect(await one()).toContain(line);
    const blog = bed.sandbox.state.sites.find(({ domain }) => domain === OTHER);
    const third = bed.sandbox.state.sites.find(({ domain }) => domain !== OTHER && domain !== DOMAIN);
    const was = third?.domain;
    Object.assign(blog ?? {}, { domain: was });
    Object.assign(third ?? {}, { domain: OTHER });
    const before = bed.sandbox.calls.length;
    const again = await one();
    const read = bed.sandbox.calls.slice(before).map(({ path }) => path);
    Object.assign(blog ?? {}, { domain: OTHER });
    Object.assign(third ?? {}, { domain: was });
    expect([again.includes(line), read.some((path) => path.endsWith(`/${third?.id}`))]).toEqual([true, true]);
  });

  it('one that fails is said, and the others are shown', async () => {
    rmSync(join(bed.root, '..', OTHER), { recursive: true, force: true });
    const run = await logs(OTHER, '-n', '1');
    expect([run.exitCode, run.stdout.split('\n')[0]]).toEqual([12, expect.stringContaining(last.line)]);
    expect(run.stderr).toMatch(new RegExp(`No directory of ${OTHER} on .*\nError: 1 of 2 sites failed\n$`));
    await expect(logs(OTHER, 'nowhere.example.com')).toExit(6, { stdout: '' });
  });
});

describe('the login shell', () => {
  it('may print without a newline, also with -f', async () => {
    // What comes before the output of the command.
    const path = stubSsh(bed.sshd, `printf Welcome\nexec ${bed.sshd.directory}/bin/ssh "$@"`);
    const run = await bed.here(['logs', DOMAIN, '-n', '1'], { env: { PATH: path } });
    expect(run).toExit(0, { stderr: '', stdout: `${last.line}\n${MORE}\n` });
    const followed = bed.follow(['-f', '-n', '1'], { PATH: path });
    await followed.shows(MORE);
    await followed.end();
  });

  it('gets a short command of one line, which any shell understands', async () => {
    const path = stubSsh(bed.sshd, 'for each; do last=$each; done; printf "%s" "$last" >&2; exit 1');
    const run = await bed.here(['logs', DOMAIN, '-f'], { env: { PATH: path } });
    expect(run.stderr).toMatch(new RegExp(`\\(exit code 1\\): exec sh -c 'eval "\\$\\(head -c \\d+\\)"' dnx logs ${DOMAIN}\\n$`));
  });
});

it('refuses what it cannot print before it connects', async () => {
  const path = stubSsh(bed.sshd, 'echo connected >&2; exit 1');
  const run = await bed.here(['logs', DOMAIN, '-f', '--query', '[0]'], { env: { PATH: path } });
  expect(run).toExit(2, { stderr: 'Error: -f with --query or --fields needs -o ndjson or -o json.\n  Use -o ndjson.\n' });
});
