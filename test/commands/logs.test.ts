import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];

const bed = perTest(openBed);

const answers = (data: unknown) =>
  bed.sandbox.faults.always({ path: '/servers/{server}/logs' }, { status: 200, body: { data: { content: data } } });

describe('the log of a server', () => {
  test.each(['', '--json', '-o text'])('is that of server logs, without ssh: %s', async (format) => {
    const run = await bed.dnx(`logs web-1 ${format}`, { env: { PATH: '' } });
    expect(run).toExit(0, { stderr: '', calls: ['GET /servers', `GET /servers/${web1}/logs`] });
    expect(run.stdout).toBe((await bed.dnx(`server logs web-1 ${format}`)).stdout);
    expect(run.stdout).toContain('status: active');
  });

  test.each([
    ['one\ntwo\nthree', 1, 'three\n'],
    ['one\ntwo\nthree\n', 1, 'three\n'],
    ['one\ntwo\nthree\n', 2, 'two\nthree\n'],
    ['one\ntwo\nthree', 3, 'one\ntwo\nthree\n'],
    ['one\ntwo', 9, 'one\ntwo\n'],
    ['\n\n', 1, '\n'],
    ['\none', 1, 'one\n'],
    ['\none', 2, '\none\n'],
  ])('%j with --lines %i', async (content, lines, printed) => {
    answers(content);
    await expect(bed.dnx(`logs web-1 -n ${lines}`)).toExit(0, { stderr: '', stdout: printed });
  });

  test('has its last 100 lines by default, and all of them for scripts', async () => {
    const all = Array.from({ length: 150_000 }, (_, index) => `line ${index}`).join('\n');
    answers(all);
    expect((await bed.dnx('logs web-1')).stdout.split('\n')).toEqual([...all.split('\n').slice(-100), '']);
    expect((await bed.dnx('logs web-1 --json')).json()).toEqual({ content: all });
  });

  test.each([[''], [null], [[]]])('may be empty: %j', async (content) => {
    answers(content);
    await expect(bed.dnx('logs web-1')).toExit(0, { stdout: 'No logs.\n', stderr: '' });
  });

  test.each([
    [{ lines: ['one', 'two'] }, 'one\ntwo\n'],
    [[{ timestamp: '2026-01-02 03:04:05', level: 'error', message: 'It failed' }], '2026-01-02 03:04:05 ERROR It failed\n'],
    [{ syslog: 'a\nb\n', auth: ['c'] }, '==> syslog <==\na\nb\n==> auth <==\nc\n'],
    [{ uptime: '2 days', load: 0.5 }, 'uptime: 2 days\nload: 0.5\n'],
  ])('is text whatever its shape: %j', async (content, printed) => {
    answers(content);
    await expect(bed.dnx('logs web-1', { columns: 80 })).toExit(0, { stderr: '', stdout: printed });
  });

  test('has no control characters on a terminal', async () => {
    answers('GET /\u001b[2J\u001b]0;title\u0007\rsecret \u202egpj.exe\nnext');
    await expect(bed.dnx('logs web-1', { columns: 80 })).toExit(0, { stdout: 'GET /secret gpj.exe\nnext\n' });
  });
});

describe('without any connection', () => {
  test.each([
    ['logs web-1 -n 0', '--lines must be a whole number of at least 1, or 0 with -f, not 0.'],
    ['logs web-1 -n -1', '--lines must be at least 0, not -1.'],
    ['logs web-1 -n 1.5', "--lines must be a whole number, not '1.5'."],
    ['logs web-1 -n many', "--lines must be a whole number, not 'many'."],
    ['logs web-1 --source apache', "'apache' is not a value of --source."],
    ['logs web-1 --source laravel', 'The Laravel log belongs to a site. Name a site, or use --path.'],
    ['logs web-1 --source nginx --path /var/log/syslog', '--path and --source cannot be combined.'],
    ['logs web-1 --since tomorrow', "--since must be a time or a duration, not 'tomorrow'."],
    ['history --since soon', "--since must be a time or a duration, not 'soon'."],
    ['logs web-1 --until 25:00', "--until must be a time or a duration, not '25:00'."],
    ['logs web-1 -f --until 1h', '-f cannot be combined with --until.'],
    ['logs web-1 --level loud', "'loud' is not a value of --level."],
    [['logs', 'web-1', '--grep', '('], '--grep is not a regular expression: Unterminated group.'],
    ['logs web-1 shop.example.com -f', 'Several logs at once are those of sites. Name a site first.'],
    ['logs web-1 -f --query [0]', '-f with --query or --fields needs -o ndjson or -o json.'],
    ['logs web-1 --path=', '--path must be the path of a file.'],
    [['logs', 'web-1', '--path', '/var/log/a\nb'], '--path must be the path of a file.'],
    ['logs web-1 -f --user root;id', "'root;id' is not a user name."],
  ])('%j is a usage error', async (line, message) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', says: `Error: ${message}\n` });
  });

  test.each([
    ['logs web-1 --since 2030-01-01', '--since is in the future: 2030-01-01 00:00 UTC. It is '],
    ['history --since 2030-01-01', '--since is in the future: 2030-01-01 00:00 UTC. It is '],
    ['logs web-1 --since today --until yesterday', '--since is later than --until: '],
    ['logs --all shop.example.com', '--all cannot be combined with another name.\n  Use only one of them.\n'],
  ])('%j is a usage error that says why', async (line, message) => {
    await expect(bed.dnx(line)).toExit(2, { stdout: '', says: `Error: ${message}` });
  });

  test('a server without an IP address says so', async () => {
    const [server] = bed.sandbox.state.servers;
    if (server) server.ip_address = null;
    await expect(bed.dnx('logs web-1 -f')).toExit(1, { stdout: '', stderr: "Error: Server 'web-1' has no IP address yet.\n" });
  });

  test('a machine without ssh says so', async () => {
    // sh is needed to start it.
    const run = await bed.dnx('logs shop.example.com', { env: { PATH: bed.directory } });
    expect(run).toExit(2, { stdout: '' });
    expect(run.stderr).toMatch(/^Error: Could not run ssh: command not found\.\n {2}Install OpenSSH\b/);
  });
});
