import { appendFileSync, chmodSync, chownSync, mkdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LogBed, openLogBed } from '../support/followed.ts';
import { find, need } from '../support/programs.ts';
import { stubSsh } from '../support/ssh-stub.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { deep, sampled, seedOf, turn } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('search');
const LOGS = 'shared/storage/logs';
const DAILY = `${LOGS}/laravel-2026-01-0`;

let bed: LogBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openLogBed(DOMAIN);
  bed.sshd.share();
});
beforeEach(() => {
  if (!bed) return;
  bed.reset();
  rmSync(join(bed.sshd.directory, 'programs'), { recursive: true, force: true });
});
afterAll(() => bed?.close());

const at = (name: string) => join(bed.root, name);
const logs = (...args: readonly string[]) => bed.here(['logs', DOMAIN, ...args]);
const own = (name: string) => ['--path', `../../${name}`] as const;
const entry = (time: string, text: string, level = 'INFO') => `[${time}] production.${level}: ${text}\n`;

/** Writes a file that was written to for the last time at a time of the server's clock. */
function write(name: string, content: string | Buffer, time: string): void {
  mkdirSync(join(at(name), '..'), { recursive: true });
  writeFileSync(at(name), content);
  const seconds = Date.parse(`${time.replace(' ', 'T')}Z`) / 1000;
  utimesSync(at(name), seconds, seconds);
}

/** The texts of the entries that dnx shows without a warning. */
async function found(...args: readonly string[]): Promise<readonly string[]> {
  const run = await logs(...args, '-o', 'ndjson', '--query', 'line');
  expect(run).toExit(0, { stderr: run.stdout === '' ? expect.stringMatching(/^No matching entries/) : '' });
  return run.stdout.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as string).replace(/^.*?: +/, '')]));
}

/** Runs dnx, and says how many bytes ssh gave it. */
async function moved(...args: readonly string[]) {
  const file = join(bed.sshd.directory, 'moved');
  const path = stubSsh(bed.sshd, `${bed.sshd.directory}/bin/ssh "$@" | tee ${file}`);
  const { stdout } = await bed.here(['logs', DOMAIN, ...args], { env: { PATH: path } });
  return { answer: stdout.length, bytes: readFileSync(file).length };
}

describe('the files of a search', () => {
  it('are those of each day, in the order of time, also at midnight', async () => {
    write(`${DAILY}1.log`, entry('2026-01-01 22:00:00', 'early') + entry('2026-01-01 23:50:00', 'yesterday'), '2026-01-01 23:50:00');
    write(`${DAILY}2.log`, entry('2026-01-02 00:04:00', 'today'), '2026-01-02 00:04:00');
    write(`${LOGS}/laravel-2025-12-30.log.gz`, gzipSync(entry('2025-12-30 12:00:00', 'last year')), '2025-12-30 12:00:00');
    expect(await found('--since', '2026-01-01 23:05', '--until', '2026-01-02 00:05')).toEqual(['yesterday', 'today']);
    expect(await found('--grep', 'a', '-n', '3')).toEqual(['early', 'yesterday', 'today']);
    expect(await found('--since', '2025-12-30')).toEqual(['last year', 'early', 'yesterday', 'today']);
    const none = await logs('--since', '2026-01-01 23:55', '--until', '2026-01-02 00:01', '--grep', 'x');
    const files = [at(`${DAILY}1.log`), at(`${DAILY}2.log`)].join(', ');
    expect(none).toExit(0, {
      stderr: `No matching entries since 2026-01-01 23:55 until 2026-01-02 00:01 (UTC) in ${files}\n`,
      stdout: '',
    });
    const ever = await logs('--since', '99999999999999d', '--grep', 'x');
    expect(ever).toExit(0, { stderr: expect.stringMatching(/^No matching entries since 1970-01-01 00:00 \(UTC\) in /), stdout: '' });
  });

  it('are those of logrotate, by number or date, plain or compressed, for every awk and shell', async () => {
    const plain = (index: number) => entry(`2026-01-0${index} 10:00:00`, `day ${index}`);
    const name = 'odd/it\'s "a" [b]*.log';
    for (const log of [name, 'logs/worker-1.log', 'logs/access.log']) {
      write(`${log}.3.gz`, gzipSync(plain(1)), '2026-01-01 10:00:00');
      write(`${log}-20260102.gz`, gzipSync(plain(2)), '2026-01-02 10:00:00');
      write(`${log}-20260103`, plain(3), '2026-01-03 10:00:00');
      write(`${log}.1`, plain(4), '2026-01-04 10:00:00');
      write(log, plain(5), '2026-01-05 10:00:00');
    }
    write('odd/its a b.log.1', plain(4), '2026-01-04 10:00:00');
    write(`${name}.1\nx`, plain(4), '2026-01-04 10:00:00');
    for (const program of ['busybox', 'mawk']) need(program);
    const shells = [
      { awk: 'mawk', sh: 'dash' },
      { awk: 'busybox awk', sh: 'busybox sh', tail: 'busybox tail', head: 'busybox head', stat: 'busybox stat' },
      {},
    ];
    const sources = [own(name), ['--source', 'worker'], ['--source', 'nginx']];
    for (const [index, programs] of shells.entries()) {
      rmSync(join(bed.sshd.directory, 'programs'), { recursive: true, force: true });
      for (const [word, command] of Object.entries(programs))
        bed.sshd.program(word, `#!/bin/sh\nexec ${command.replace(/^\S+/, (program) => find(program) ?? program)} "$@"\n`);
      for (const source of turn(sources, index)) {
        expect(await found(...source, '--since', '2026-01-01')).toEqual([1, 2, 3, 4, 5].map((day) => `day ${day}`));
        expect(await found(...source, '--grep', 'day [13]', '-n', '2')).toEqual(['day 1', 'day 3']);
        expect(await found(...source, '--since', '2026-01-04', '--until', '2026-01-04 23:00')).toEqual(['day 4']);
      }
    }
  });

  it('with a number are not another log', async () => {
    write('logs/worker.log', entry('2026-01-05 10:00:00', 'one'), '2026-01-05 10:00:00');
    write('logs/worker-1.log', entry('2026-01-05 10:00:00', 'two'), '2026-01-05 10:00:00');
    expect(await found(...own('logs/worker.log'), '--since', '2026-01-05')).toEqual(['one']);
  });

  it('have times of every month, leap years among them', async () => {
    const days = ['2023-12-31', '2024-02-28', '2024-02-29', '2024-03-01', '2025-10-09', '2025-11-30'];
    write('own.log', days.map((day) => entry(`${day} 23:59:59`, day)).join(''), '2026-01-01 00:00:00');
    write(
      'logs/access.log',
      days
        .map((day) => {
          const [, date, month, year] = new Date(day).toUTCString().split(' ');
          return `::1 - - [${date}/${month}/${year}:23:59:59 +0000] "GET /: ${day} HTTP/2" 200 5 "-" "x"\n`;
        })
        .join(''),
      '2026-01-01 00:00:00',
    );
    for (const [index, day] of sampled([...days.entries()], 1, seedOf(7)))
      for (const source of [own('own.log'), ['--source', 'nginx']]) {
        const shown = await found(...source, '--since', `${day} 23:59:59`, '--until', `${days[index + 1] ?? day} 23:59:59`);
        expect(shown.map((line) => line.slice(0, 10))).toEqual(days.slice(index, index + 2));
        const { answer, bytes } = await moved(...source, '--since', `${day} 23:59:59`);
        expect(bytes).toBeLessThan(answer + 1000);
      }
  });

  it('have the time zone of the server, or their own', async () => {
    bed.sshd.program('date', '#!/bin/sh\necho +0500\n');
    write(
      'logs/error.log',
      '2026/01/02 08:59:59 [error] 1#1: before\n2026/01/02 09:00:00 [error] 1#1: first\n2026/01/02 10:00:00 [error] 1#1: last\n',
      '2026-01-02 05:00:00',
    );
    write(
      'logs/access.log',
      '::1 - - [02/Jan/2026:03:59:59 +0000] "GET /: 4 HTTP/2" 200 5 "-" "x"\n'.replace(
        /.*/,
        (line) => `${line}\n${line.replace('03:59:59 +0000', '01:00:00 -0300')}`,
      ),
      '2026-01-02 04:00:00',
    );
    const shown = await found('--source', 'nginx', '--since', '2026-01-02 04:00', '--until', '2026-01-02 04:59');
    expect(shown).toEqual(['first', expect.stringContaining('4 HTTP')]);
    write(
      'php.log',
      '[02-Jan-2026 04:00:00 UTC] PHP Warning:  utc\n[02-Jan-2026 03:00:00 UTC] PHP Warning:  early\n',
      '2026-01-02 04:00:00',
    );
    expect(await found(...own('php.log'), '--since', '2026-01-02 04:00')).toEqual(['utc']);
    write('iso.log', '[2026-01-02T05:00:00.123456+01:00] a.INFO: in\n[2026-01-02T04:30:00+01:00] a.INFO: out\n', '2026-01-02 04:00:00');
    expect(await found(...own('iso.log'), '--since', '2026-01-02 04:00')).toEqual(['in']);
  });
});

it('lines of JSON are found by their own time and level', async () => {
  const line = (minute: number, level: string) =>
    `{"message":"${level}","context":{"datetime":"2020-01-01T00:00:00+00:00","x":"${'x'.repeat(3000)}"},"level":400,"level_name":"${level}","channel":"production","datetime":"2026-01-02T04:0${minute}:00.5+01:00","extra":{}}\n`;
  write(`${LOGS}/laravel.log`, line(0, 'ERROR') + line(1, 'INFO') + line(2, 'ERROR') + line(4, 'ERROR'), '2026-01-02 03:04:00');
  const { stdout } = await logs('--since', '2026-01-02 03:01', '--until', '2026-01-02 03:03', '-o', 'ndjson', '--query', 'time');
  expect(stdout.match(/03:0\d/g)).toEqual(['03:01', '03:02']);
  const errors = await logs('--level', 'error', '--since', '2026-01-02 03:01', '-o', 'ndjson', '--query', 'time');
  expect(errors.stdout.match(/03:0\d/g)).toEqual(['03:02', '03:04']);
});

describe('what a search does not read is named', () => {
  const args = [...own('app.log'), '--since', '2026-01-01'];
  beforeEach(() => {
    if (bed) write('app.log', entry('2026-01-05 10:00:00', 'newest'), '2026-01-05 10:00:00');
  });

  it('because nobody may, it is damaged, or nothing reads it', async () => {
    write('app.log.1', entry('2026-01-04 10:00:00', 'hidden'), '2026-01-04 10:00:00');
    chownSync(at('app.log.1'), 0, 0);
    chmodSync(at('app.log.1'), 0o600);
    const hidden = await logs(...own('app.log'), '--grep', 'hidden|newest');
    expect(hidden).toExit(5, { stdout: expect.stringContaining('newest') });
    expect(hidden.stderr).toContain('/app.log.1: permission denied\n');
    rmSync(at('app.log.1'));
    const whole = gzipSync(Array.from({ length: 2000 }, (_, index) => entry('2026-01-03 10:00:00', `${Math.sin(index)}`)).join(''));
    write('app.log.2.gz', whole.subarray(0, whole.length / 2), '2026-01-03 10:00:00');
    const damaged = await logs(...args);
    const name = `${bed.root}/current/../../app.log.2.gz`;
    expect(damaged).toExit(0, { stderr: `! Cannot read all of ${name}: it is damaged\n` });
    expect(damaged.stdout).toMatch(/0\.\d+[\s\S]*newest/);
    bed.sshd.program('gzip', '#!/bin/sh\nexit 127\n');
    expect(await logs(...args)).toExit(0, { stderr: `! Cannot read ${name}: the server has no gzip\n` });
  });

  it('because its directory cannot be listed', async () => {
    write('odd/app.log', entry('2026-01-05 10:00:00', 'newest'), '2026-01-05 10:00:00');
    chownSync(at('odd'), 0, 0);
    chmodSync(at('odd'), 0o711);
    const run = await logs(...own('odd/app.log'), '--since', '2026-01-01');
    expect(run).toExit(0, { stdout: entry('2026-01-05 10:00:00', 'newest') });
    expect(run.stderr).toMatch(/^! Cannot read \S+\/odd\/\*: permission denied\n/);
  });

  it('because it was rotated meanwhile', async () => {
    write('app.log.1', entry('2026-01-04 10:00:00', 'moved'), '2026-01-04 10:00:00');
    write('app.log.2.gz', gzipSync(entry('2026-01-03 10:00:00', 'oldest')), '2026-01-03 10:00:00');
    bed.sshd.program('gzip', `#!/bin/sh\ncd ${bed.root}; mv app.log.1 app.log.2; mv app.log app.log.1; exec ${find('gzip')} "$@"\n`);
    chmodSync(bed.root, 0o777);
    const run = await logs(...args);
    expect(run.exitCode).toBe(0);
    for (const name of ['app.log', 'app.log.1']) expect(run.stderr).toContain(`/${name} was rotated during the search. Search again.\n`);
  });

  it('but the zeros of a file that was truncated under its program', async () => {
    truncateSync(at('app.log'), 3_000_000);
    appendFileSync(at('app.log'), entry('2026-01-05 10:00:00', 'last'));
    expect(await found(...own('app.log'), '--grep', 'newest|last')).toEqual(['newest', 'last']);
  });

  test.skipIf(reason !== undefined || !deep)(
    'because it is too large',
    async () => {
      truncateSync(at('app.log'), 300_000_000);
      appendFileSync(at('app.log'), entry('2026-01-05 10:00:00', 'last'));
      const line = entry('2026-01-04 10:00:00', 'x'.repeat(900)).trim();
      bed.sshd.program('gzip', `#!/bin/sh\nyes '${line}' | head -c 300000000\n`);
      write('app.log.2.gz', 'huge', '2026-01-03 10:00:00');
      const run = await logs(...own('app.log'), '--grep', 'newest|last');
      const [last, first] = ['last', 'first'].map((end) => `! Read only the ${end} 256 MB of ${bed.root}/current/../../app.log`);
      expect(run).toExit(0, { stderr: `${last}\n${first}.2.gz\n` });
      expect(run.stdout).toContain(entry('2026-01-05 10:00:00', 'last'));
    },
    60_000,
  );
});

describe('the cost of a search', () => {
  it('is little more than the answer, whatever is looked for', async () => {
    const time = (minute: number) =>
      `2026-01-02 ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`;
    const lines = Array.from({ length: 1440 }, (_, minute) =>
      [...Array(20).keys()]
        .map((index) =>
          entry(time(minute), `Order ${minute}-${index} ${'x'.repeat(60)}`, index === 7 && minute % 60 === 0 ? 'ERROR' : 'INFO'),
        )
        .join(''),
    ).join('');
    write(`${LOGS}/laravel.log`, lines, '2026-01-02 23:59:00');
    const cases = [
      ['--since', '2026-01-02 23:00', '--trace'],
      ['--since', '2026-01-02 12:00', '--until', '2026-01-02 12:10'],
      ['--grep', 'order 7\\d{2}-3 ', '--since', '2026-01-01'],
      ['--level', 'error'],
      ['--grep', 'order', '-n', '5'],
    ];
    for (const args of cases) {
      const { answer, bytes } = await moved(...args);
      expect([args, answer > 400, bytes < answer * 1.1 + 1000]).toEqual([args, true, true]);
    }
  });

  it('grows with no file of a worker', async () => {
    const counted = async (...args: readonly string[]) => {
      const file = join(bed.sshd.directory, 'started');
      writeFileSync(file, '');
      chmodSync(file, 0o666);
      for (const program of ['awk', 'cut', 'grep', 'head', 'sed', 'stat', 'tail', 'wc'])
        bed.sshd.program(program, `#!/bin/sh\necho x >>${file}\nexec ${find(program)} "$@"\n`);
      const run = await logs('--source', 'worker', ...args);
      expect([run.exitCode, run.stdout.split('\n').filter((line) => line.startsWith('['))]).toEqual([0, expect.arrayContaining([])]);
      return { started: readFileSync(file, 'utf8').length / 2, shown: run.stdout.split('[2026').length - 1 };
    };
    const start = (count: number) => {
      for (let index = 0; index < count; index += 1)
        writeFileSync(at(`logs/worker-${index}.log`), entry('2026-01-02 10:00:00', `of ${index}`));
    };
    mkdirSync(at('logs'), { recursive: true });
    start(2);
    const [few, fewFound] = [await counted('-n', '1'), await counted('--grep', 'of')];
    start(200);
    expect([await counted('-n', '1'), await counted('--grep', 'of')]).toEqual([
      { started: few.started, shown: 200 },
      { started: fewFound.started, shown: 200 },
    ]);
  });
});

/** Where awk and JavaScript could differ. */
const patterns = [
  ['order 1', 'ORDER 1 paid', 'border 10'],
  ['f.r', 'für', 'far', 'f😀r'],
  ['Für', 'Für', 'für'],
  ['^\\[2026.*paid$', '[2026-01-02] paid', 'unpaid'],
  ['timed? ?out|refused', 'time out', 'connection refused'],
  ['\\bid=\\d{3,5}\\b', 'id=1234;', 'id=12'],
  ['user=[^ ]+ failed', 'user=jürgen failed', 'user= failed'],
  ['a\\s+b', 'a\n\tb', 'a\u00a0b', 'ab'],
  ['skis', 'ſKIS', 'skis'],
  ['(?:GET|POST) /a\\.b\\?x=1', 'get /a.b?x=1', 'GET /aXb?x=1'],
  ['(?<!un)paid', 'paid', 'unpaid'],
  ['(a)\\1', 'aa', 'ab'],
  ['[\\w.-]+@[a-z]+\\.com', 'me@here.com', 'me@here'],
  ['\\p{Lu}x', 'Üx', 'ux'],
  ['', 'anything'],
  ['x*?y+?', 'y', 'x'],
  ['C:\\\\Users\\^', 'C:\\Users^'],
  ['first.*last', 'first last', 'first\nlast'],
  ['[\\]a]', 'a', ']'],
  ['q{0}z', 'z', 'qz'],
] as const;

it('a pattern leaves out on the server only what it leaves out here', async () => {
  for (const [pattern, ...texts] of sampled(patterns, 5, seedOf(38))) {
    const content = texts.map((text, index) => entry(`2026-01-02 10:00:0${index}`, text)).join('');
    write('own.log', content, '2026-01-02 10:00:00');
    let flags = 'iu';
    if (/\p{Lu}/u.test(pattern.replaceAll(/\\./g, ''))) flags = 'u';
    const wanted = new RegExp(pattern, flags);
    const expected = texts.filter((text, index) => wanted.test(entry(`2026-01-02 10:00:0${index}`, text).trimEnd()));
    expect([pattern, await found(...own('own.log'), '--grep', pattern)]).toEqual([pattern, expected]);
  }
});
