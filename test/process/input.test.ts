import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

/** Several pipe buffers long, with three-byte characters that straddle their boundaries. */
const long = `x${'€'.repeat(70_000)}`;
const site = ['--site', seeded.sites['blog.example.com'], '--server', seeded.servers['web-1']];
const value = (key: string) => executable.sandbox.state.environment_variables.find((each) => each.key === key)?.value;
const at = `${site.join(' ')} -q`;

const inputs = [
  ['a pipe', 'PIPED', `cat long.txt | dnx env set PIPED --from-file - ${at}`],
  ['/dev/stdin', 'DEVICE', `cat long.txt | dnx env set DEVICE --from-file /dev/stdin ${at}`],
  ['a redirection', 'REDIRECTED', `dnx env set REDIRECTED --from-file - ${at} < long.txt`],
  ['a process substitution', 'SUBSTITUTED', `dnx env set SUBSTITUTED --from-file <(cat long.txt) ${at}`],
  ['a FIFO', 'FIFO', `mkfifo fifo; (cat long.txt > fifo) & dnx env set FIFO --from-file fifo ${at}`],
] as const;

test.each(sampled(inputs, 2, 2))('reads the whole text from %s', async (_, key, line) => {
  writeFileSync(join(executable.directory, 'long.txt'), `${long}\n`);
  await expect(executable.shell(line)).toExit(0, { stderr: '' });
  expect(value(key)).toBe(long);
});

test('reads an empty value from an empty process substitution', async () => {
  const run = await executable.shell(`dnx env set EMPTY --from-file <(true) ${at}`);
  expect([run.exitCode, run.stderr, value('EMPTY')]).toEqual([0, '', '']);
});

test.each(
  sampled(
    [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const,
    1,
    3,
  ),
)('%s ends the wait for a FIFO that nobody writes to', async (signal, code) => {
  const fifo = join(executable.directory, signal);
  execFileSync('mkfifo', [fifo]);
  const child = executable.dnx(['api', 'POST', '/tokens', '--data', `@${signal}`]);
  // Opens when there is a reader.
  const writer = await open(fifo, 'w');
  child.kill(signal);
  const run = await child;
  await writer.close();
  expect(run).toExit(code, { stdout: '' });
});

test('a signal ends the wait for stdin', async () => {
  const child = executable.dnx(['api', 'POST', '/tokens', '--input', '-'], { stdin: 'pipe' });
  // More than a pipe holds: once it is written, dnx is reading.
  await new Promise((resolve) => child.stdin?.write(' '.repeat(1_000_000), resolve));
  child.kill('SIGINT');
  await expect(child).toExit(130);
});

test.each(sampled(['/dev/zero', '/proc/self/pagemap'], 1, 5))('refuses to read %s endlessly', async (file) => {
  const run = await executable.dnx(['api', 'POST', '/tokens', '--data', `@${file}`]);
  expect(run).toExit(2, { stderr: `Error: ${file} is larger than 64 MB.\n` });
});
