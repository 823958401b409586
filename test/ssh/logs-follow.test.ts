import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Followed, type LogBed, openLogBed, releases } from '../support/followed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { keys, openTerminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

const reason = reasonAgainstSsh('dnx logs');
const it = test.skipIf(reason !== undefined);
const DOMAIN = ownDomain('follow');
const LARAVEL = 'shared/storage/logs/laravel.log';

let bed: LogBed;
beforeAll(async () => {
  if (reason === undefined) bed = await openLogBed(DOMAIN);
});
afterAll(() => bed?.close());

const at = (name: string) => join(bed.root, name);
const append = (name: string, text: string) => appendFileSync(at(name), text);

/** Starts to follow files, which each have their own name here. */
async function begin(files: Readonly<Record<string, string>>, args: readonly string[] = [], first = 'begun\n'): Promise<Followed> {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(at(name), '..'), { recursive: true });
    writeFileSync(at(name), text);
  }
  const followed = bed.follow(['-f', '--trace', ...args]);
  await followed.shows(first);
  return followed;
}

/** The processes on the server with a word in their command line. If the user has no process at all, ps exits with 1. */
const remote = (word: string): readonly string[] =>
  spawnSync('ps', ['-u', 'deploynix', '-o', 'stat=,args='], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((each) => each.includes(word) && !each.startsWith('Z'));

async function untilGone(): Promise<void> {
  while (remote(DOMAIN).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('new lines', () => {
  it('of a file, in the order in which they are written', async () => {
    const followed = await begin({ 'a.log': 'old\nbegun\n' }, ['--path', '../../a.log', '-n', '1']);
    for (let index = 0; index < 3; index += 1) {
      append('a.log', `${index}: ü`);
      append('a.log', '…\n');
      await followed.shows(`${index}: ü…\n`);
    }
    expect(await followed.end()).toEqual({ stdout: `begun\n${[0, 1, 2].map((index) => `${index}: ü…\n`).join('')}`, stderr: '' });
  });

  it('none of before with -n 0, and as objects with -o ndjson', async () => {
    writeFileSync(at('b.log'), 'old\n');
    const followed = bed.follow(['-f', '-n', '0', '-o', 'ndjson', '--query', 'line', '--path', '../../b.log']);
    // The first line that shows may not be the first that is written before dnx looks.
    const writing = setInterval(() => append('b.log', 'tick\n'), 100);
    await followed.shows('"tick"\n');
    clearInterval(writing);
    append('b.log', 'half');
    append('b.log', ' whole\n');
    await followed.shows('"half whole"\n');
    expect((await followed.end()).stdout.replaceAll('"tick"\n', '')).toBe('"half whole"\n');
  });

  it('of several files, under headings', async () => {
    const paths = ['--path', '../../c1.log', '--path', '../../c2.log'];
    const followed = await begin({ 'c1.log': 'begun\n', 'c2.log': 'second' }, paths, 'second');
    append('c1.log', 'one\n');
    await followed.shows('one\n');
    append('c1.log', 'two\n');
    await followed.shows('two\n');
    append('c2.log', ' half\n');
    await followed.shows(' half\n');
    const heading = (file: string) => `==> ${bed.root}/current/../../${file} <==\n`;
    expect((await followed.end()).stdout).toBe(
      `${heading('c1.log')}begun\n\n${heading('c2.log')}second\n\n${heading('c1.log')}one\ntwo\n\n${heading('c2.log')} half\n`,
    );
  });

  it('of a file that does not exist yet', async () => {
    const followed = bed.follow(['-f', '--path', '../../late.log']);
    await followed.says('No such file yet: ');
    writeFileSync(at('late.log'), 'late\n');
    await followed.shows('late\n');
    expect((await followed.end()).stdout).toBe('late\n');
  });
});

describe('rotation', () => {
  it('by rename and create loses nothing, even what was written right before', async () => {
    const followed = await begin({ 'd/d.log': 'begun\n' }, ['--path', '../../d/d.log']);
    const lines: string[] = [];
    for (let index = 0; index < 2; index += 1) {
      for (const when of ['before', 'after']) {
        append('d/d.log', `${when} ${index}\n`);
        lines.push(`${when} ${index}\n`);
        if (when === 'before') renameSync(at('d/d.log'), at(`d/d.log.${index}`));
      }
      await followed.shows(`after ${index}\n`);
    }
    expect((await followed.end()).stdout).toBe(`begun\n${lines.join('')}`);
  });

  it('twice between two looks loses nothing, and shows no older file', async () => {
    writeFileSync(at('t.log.1'), 'older\n');
    mkdirSync(at('removed'), { recursive: true });
    const followed = await begin({ 't.log': 'begun\n' }, ['--path', '../../t.log']);
    // What is removed would give its inode to the next, all within a second.
    const remove = (name: string) => renameSync(at(name), at(`removed/${randomUUID()}`));
    const rotate = () => {
      renameSync(at('t.log.1'), at('t.log.2'));
      renameSync(at('t.log'), at('t.log.1'));
    };
    append('t.log', 'first\n');
    rotate();
    append('t.log', 'second\n');
    remove('t.log.2');
    rotate();
    append('t.log', 'third\n');
    await followed.shows('third\n');
    remove('t.log.2');
    append('t.log', 'fourth\n');
    // Only one file from before stays there.
    for (const text of ['fifth\n', 'sixth\n']) {
      rotate();
      remove('t.log.2');
      append('t.log', text);
    }
    await followed.shows('sixth\n');
    expect((await followed.end()).stdout.replace('fourth\n', '')).toBe('begun\nfirst\nsecond\nthird\nfifth\nsixth\n');
  });

  it('by copytruncate and then by rename shows no copy', async () => {
    const followed = await begin({ 'u.log': 'begun\n' }, ['--path', '../../u.log']);
    copyFileSync(at('u.log'), at('u.log.1'));
    truncateSync(at('u.log'));
    append('u.log', 'next\n');
    await followed.shows('next\n');
    renameSync(at('u.log'), at('u.log.2'));
    append('u.log', 'last\n');
    await followed.shows('last\n');
    expect((await followed.end()).stdout).toBe('begun\nnext\nlast\n');
  });

  it('is no reason to search less with -f', async () => {
    writeFileSync(at('v.log.1'), '[2026-01-02 03:00:00] a.INFO: no\n[2026-01-02 03:00:01] a.INFO: yes, before\n');
    const line = '[2026-01-02 03:00:02] a.INFO: yes, begun\n';
    const followed = await begin({ 'v.log': line }, ['--path', '../../v.log', '--grep', 'yes', '--since', '2026-01-01'], 'begun\n');
    append('v.log', '[2026-01-02 03:00:03] a.INFO: yes, after\n');
    await followed.shows('after\n');
    expect((await followed.end()).stdout.match(/yes, \w+/g)).toEqual(['yes, before', 'yes, begun', 'yes, after']);
  });

  it('by copytruncate shows the file from its beginning', async () => {
    const followed = await begin({ 'e.log': 'a longer line at first\nbegun\n' }, ['--path', '../../e.log']);
    copyFileSync(at('e.log'), at('e.log.1'));
    truncateSync(at('e.log'));
    append('e.log', 'after\n');
    await followed.shows('after\n');
    expect((await followed.end()).stdout).toBe('a longer line at first\nbegun\nafter\n');
  });

  it('of the daily channel follows the file of the next day', async () => {
    const [first, second] = ['shared/storage/logs/laravel-2026-01-01.log', 'shared/storage/logs/laravel-2026-01-02.log'];
    const followed = await begin({ [first]: 'begun\n' });
    append(first, 'last\n');
    writeFileSync(at(second), 'next day\n');
    await followed.shows('next day\n');
    expect((await followed.end()).stdout).toBe(`begun\nlast\n\n==> ${at(second)} <==\nnext day\n`);
    rmSync(at(first));
    rmSync(at(second));
  });
});

describe('a release', () => {
  it('that becomes live is followed, with a note, and without losing the end of the one before', async () => {
    const own = (release: string) => `releases/${release}/storage/own.log`;
    const followed = await begin({ [own(releases[1])]: 'begun\n' }, ['--path', 'storage/own.log']);
    for (const release of ['20260103_000000', releases[0]]) {
      append(own(release === releases[0] ? '20260103_000000' : releases[1]), `last before ${release}\n`);
      mkdirSync(at(`releases/${release}/storage`), { recursive: true });
      writeFileSync(at(own(release)), `first of ${release}\n`);
      symlinkSync(`releases/${release}`, at('next'));
      renameSync(at('next'), at('current'));
      await followed.shows(`first of ${release}\n`);
    }
    expect(await followed.end()).toEqual({
      stdout: `begun\n${['20260103_000000', releases[0]].map((each) => `last before ${each}\nfirst of ${each}\n`).join('')}`,
      stderr: `Release changed: 20260103_000000\nRelease changed: ${releases[0]}\n`,
    });
  });
});

it('a release whose link is missing for a moment has not changed', async () => {
  const followed = await begin({ 'gap.log': 'begun\n' }, ['--path', '../../gap.log']);
  const live = readlinkSync(at('current'));
  rmSync(at('current'));
  append('gap.log', 'without a link\n');
  await followed.shows('without a link\n');
  symlinkSync(live, at('current'));
  append('gap.log', 'with a link\n');
  await followed.shows('with a link\n');
  expect(await followed.end()).toEqual({ stdout: 'begun\nwithout a link\nwith a link\n', stderr: '' });
});

describe('the end', () => {
  const signals = [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const;
  it.each(leading(signals, 1))('%s is silent and ends the remote processes', async (signal, code) => {
    const file = `end-${signal}.log`;
    const followed = await begin({ [file]: 'begun\n' }, ['--path', `../../${file}`]);
    followed.child.kill(signal);
    expect([(await followed.child).exitCode, followed.stdout(), followed.stderr()]).toEqual([code, 'begun\n', '']);
    await untilGone();
  });

  it('SIGKILL ends the remote processes, although the log is quiet', async () => {
    const followed = await begin({ 'killed.log': 'begun\n' }, ['--path', '../../killed.log']);
    expect(remote(DOMAIN).length).toBeGreaterThan(0);
    followed.child.kill('SIGKILL');
    expect((await followed.child).signal).toBe('SIGKILL');
    await untilGone();
  });

  it.each(leading(['SIGKILL', 'SIGINT'] as const, 1))('%s ends the remote processes of a search that finds nothing', async (signal) => {
    writeFileSync(at('endless.log.gz'), 'begun');
    const running = join(bed.sshd.directory, 'running');
    execFileSync('mkfifo', ['-m', '666', running]);
    bed.sshd.program('gzip', `#!/bin/sh\n: >${running}\nwhile echo '[2026-01-02 03:00:00] ${DOMAIN}'; do sleep 1; done\n`);
    const search = bed.follow(['--path', '../../endless.log', '--grep', 'nothing']);
    await readFile(running);
    search.child.kill(signal);
    expect((await search.child).signal ?? (await search.child).exitCode).toBe(signal === 'SIGINT' ? 130 : signal);
    await untilGone();
    rmSync(running);
    rmSync(join(bed.sshd.directory, 'programs', 'gzip'));
  });

  it('a closed pipe ends dnx with 0, although the log is quiet', async () => {
    writeFileSync(at('quiet.log'), 'one\ntwo\n');
    const run = await bed.shell(`dnx logs ${DOMAIN} -f --path ../../quiet.log | head -1; echo "\${PIPESTATUS[@]}"`);
    expect([run.stdout, run.stderr]).toEqual(['one\n0 0\n', '']);
    await untilGone();
  });

  it('Ctrl-C in a terminal prints nothing', async () => {
    writeFileSync(at('terminal.log'), 'begun\n');
    const terminal = openTerminal(['logs', DOMAIN, '-f', '--path', '../../terminal.log'], { ...bed.env }, bed.directory, 80);
    await terminal.shows('begun');
    append('terminal.log', '\u001b[2Jevil\n');
    await terminal.shows('evil');
    terminal.type(keys.interrupt);
    const { code, text } = await terminal.ended;
    expect([code, text.slice(text.indexOf('Connecting'))]).toEqual([130, 'Connecting to web-1\r\nbegun\r\nevil\r\n^C']);
    await untilGone();
  });
});

it('a slow reader does not fill the memory', { timeout: 90_000 }, async () => {
  bed.reset({ [LARAVEL]: `${'x'.repeat(99)}\n`.repeat(400_000) });
  const log = `exec "$NODE" "$DNX" logs ${DOMAIN} -n 400000`;
  const run = await bed.shell(
    `(echo $BASHPID >pid; ${log}) | { head -c 1000 >/dev/null; sleep 1; grep VmHWM /proc/$(cat pid)/status; wc -c; }`,
  );
  const [peak = '', bytes = ''] = run.stdout.split('\n');
  expect(Number(/\d+/.exec(peak)?.[0])).toBeLessThan(80_000);
  expect(Number(bytes)).toBeGreaterThan(39_000_000);
});
