import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';
import { perTest } from '../support/fixtures.ts';

const id = seeded.backups['shop database, completed'];
const path = `/backups/${id}/download`;

const bed = perTest(openBed);
let cwd: string;
beforeEach(() => {
  cwd = join(bed.directory, 'here');
  mkdirSync(cwd);
});

const download = (rest: string, options: RunOptions = {}) => bed.dnx(`backup download ${id} ${rest}`, { cwd, ...options });
const files = () => readdirSync(cwd);

/** Redirects the download to this server. */
async function store(answer: RequestListener) {
  const server = await openElsewhere(answer);
  onTestFinished(() => server.close());
  bed.sandbox.faults.always({ path }, { status: 302, headers: { Location: `${server.url}/x.gz` } });
}

const answers: Readonly<Record<string, [RequestListener, string]>> = {
  'an empty 200': [(_, response) => void response.writeHead(200, { 'Content-Length': 0 }).end(), 'The downloaded backup is empty.'],
  'an empty 200 of unknown length': [(_, response) => void response.writeHead(200).end(), 'The downloaded backup is empty.'],
  'a 204': [(_, response) => void response.writeHead(204).end(), 'returned 204 instead of the backup.'],
  'a 206 of a part': [
    (_, response) => void response.writeHead(206, { 'Content-Range': 'bytes 0-3/4000' }).end('part'),
    'returned 206 instead of the backup.',
  ],
  'a 202 that prepares it': [(_, response) => void response.writeHead(202).end('later'), 'returned 202 instead of the backup.'],
};

describe.each(Object.entries(answers))('%s', (_, [answer, words]) => {
  test('from a file server fails and saves nothing', async () => {
    await store(answer);
    const run = await download('-O x.gz');
    expect([run.code, run.stdout, files()]).toEqual([1, '', []]);
    expect(run.stderr).toContain(words);
    expect(run.stderr).toContain('No file was saved.');
  });

  test('keeps an existing file', async () => {
    writeFileSync(join(cwd, 'x.gz'), 'mine');
    await store(answer);
    await expect(download('-O x.gz --force')).toExit(1);
    expect([files(), readFileSync(join(cwd, 'x.gz'), 'utf8')]).toEqual([['x.gz'], 'mine']);
  });

  test('fails on standard output', async () => {
    await store(answer);
    await expect(download('-O -')).toExit(1, { stdout: '' });
  });
});

test.each([204, 206, 200])('an empty %i from the API fails and saves nothing', async (status) => {
  bed.sandbox.faults.always({ path }, { status });
  const run = await download('-O x.gz');
  expect([run.code, run.stdout, files()]).toEqual([1, '', []]);
  expect(run.stderr).toContain('No file was saved.');
});

test('a truncated file fails and saves nothing', async () => {
  await store((_, response) => {
    response.writeHead(200, { 'Content-Length': 1_000 });
    response.write('short', () => response.destroy());
  });
  const run = await download('-O x.gz');
  expect([run.code, run.stdout, files()]).toEqual([13, '', []]);
});

test('an error response that is cut off exits 13', async () => {
  bed.sandbox.faults.always({ path }, (answer) => ({ ...answer, status: 500, body: { message: 'No.' } }));
  await expect(download('-O x.gz')).toExit(1);
  bed.sandbox.faults.clear();
  const server = await openElsewhere((_, response) => {
    response.writeHead(500, { 'Content-Length': 100 });
    response.write('{', () => response.destroy());
  });
  onTestFinished(() => server.close());
  const run = await download('-O x.gz', { env: { DNX_HOST: server.url } });
  expect(run).toExit(13, { says: 'connection closed in the middle of the response.' });
});

test('a file may exceed the limits of a JSON response', async () => {
  const piece = Buffer.alloc(300_000, 'a');
  const pieces = 5;
  await store(async (_, response) => {
    response.writeHead(200);
    for (let n = 0; n < pieces; n++) {
      response.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    response.end();
  });
  const run = await download('-O x.gz --json', { bodyMs: 50, env: { DNX_MAX_RESPONSE: '1' } });
  expect([run.code, run.json().size]).toEqual([0, pieces * piece.length]);
});
