import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { BANNER } from '../../src/features/logs/connection.ts';
import { type State, seeded } from '../../src/sandbox/index.ts';
import { one } from '../support/audited.ts';
import { type Bed, openBed, split } from '../support/dnx.ts';
import { prepareFiles } from '../support/examples.ts';
import { perSuite } from '../support/fixtures.ts';
import { sampled } from '../support/volume.ts';

/** The commands beside those of other programs: `forge deploy`, `dnx deploy`. */
const lines = await Promise.all(
  tree.topics
    .filter(({ name }) => name.startsWith('from-'))
    .map(async ({ load }) => {
      const [table] = (await load()).body;
      return (Array.isArray(table) ? table : []).flatMap(([, text]) => text.split('; '));
    }),
);

/** Those that `test/ssh` runs with a database or a preview, that prompt for everything, or that refuse the home directory. */
const excluded = /^dnx (db (shell|tunnel)|preview up|agent install|login|(server|site|queue|daemon) create)$/;

/** What the seed of the sandbox needs in addition. */
const completions: readonly (readonly [line: RegExp, words: string])[] = [
  [/ --database shop$/, '--server db-1'],
  [/^dnx backup restore /, '--confirm shop'],
  [/^dnx git-repository create /, `--git-provider-id ${seeded.gitProviders.github}`],
];

/** Removes what a line creates, and adds what it needs. */
function prepare({ state }: Bed['sandbox'], line: string): void {
  if (line.includes('database create ')) state.databases = [];
  if (line.includes('database-user create ')) state.database_users = [];
  if (line.includes('daemon restart ')) one(state.daemons).command = 'php artisan horizon';
  if (line.includes('site create ')) state.sites = state.sites.filter(({ domain }) => !line.includes(domain));
}

/** The link file of a project. */
const linkFor = (line: string) => {
  const shop = { server: 'web-1', site: 'shop.example.com' };
  return JSON.stringify(line.includes('--env ') ? { environments: { staging: { server: 'web-2', site: 'staging.example.com' } } } : shop);
};

const bed = perSuite(() => openBed());
let clean: State;
beforeAll(() => {
  clean = structuredClone(bed.sandbox.state);
});
beforeEach(() => {
  Object.assign(bed.sandbox.state, structuredClone(clean));
  const file = (name: string, text: string, mode?: number) => writeFileSync(join(bed.directory, name), text, { mode });
  prepareFiles(bed.directory);
  file('key.txt', 'a value\n');
  file('key.pub', `ssh-ed25519 ${Buffer.from('\0\0\0\x0bssh-ed25519 of a laptop'.padEnd(51, '.')).toString('base64')}\n`);
  // It finds no logs, and ends with its input.
  file('ssh', `#!/bin/sh\nprintf '%s\\n' '${BANNER}' S Q\ncat > /dev/null\n`, 0o755);
});

const examples = [...new Set(lines.flat())].filter((line) => line.startsWith('dnx ') && !excluded.test(line));

test.each(sampled(examples, 25, 61))('%s works', async (line) => {
  prepare(bed.sandbox, line);
  if (line.startsWith('dnx link ')) rmSync(join(bed.directory, '.deploynix.json'), { force: true });
  else writeFileSync(join(bed.directory, '.deploynix.json'), linkFor(line));
  const more = completions.flatMap(([pattern, words]) => (pattern.test(line) ? split(words) : []));
  const words = [...split(line.replace(/ < .*/, '')).slice(1), ...more];
  const run = (argv: readonly string[]) =>
    bed.dnx(argv, {
      env: { PATH: `${bed.directory}:${process.env.PATH}`, SHELL: '/bin/bash' },
      stdin: bed.sandbox.token,
      // The sites do not answer.
      elsewhere: () => {},
    });
  const first = await run(words);
  const last = /Use --yes[.,]/.test(first.stderr) ? await run([...words, '--yes']) : first;
  expect(last).toExit(0);
});
