import { appendFileSync, chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { find } from '../support/programs.ts';
import { openSshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';

const reason = reasonAgainstSsh('the cause of a failed deployment');

const LOG = `Installing dependencies from lock file
Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - Root composer.json requires php ^8.4 but your php version (8.3.14) does not satisfy that requirement.
`;

/** A site whose deployments fail, in a sandbox whose time passes when the test says so. */
async function openFailing(name: string, speed?: number) {
  let time = Date.now() - 60_000;
  const bed = await openSshBed({ now: () => time, ...(speed !== undefined && { speed }) });
  onTestFinished(() => bed.close());
  const site = ownDomain(name);
  bed.shop(site, { releases: ['20260102_000000'] });
  bed.sandbox.state.fail_deploys = true;
  const root = join('/home/deploynix', site);
  // What follows a log sleeps between looks.
  bed.sshd.program('sleep', `#!/bin/sh\n: >${root}/looked\nexec ${find('sleep')} 0.1\n`);
  const log = join(root, 'logs/deploy.log');
  return {
    bed,
    site,
    log,
    write(text: string) {
      mkdirSync(join(root, 'logs'), { recursive: true });
      writeFileSync(log, text);
      for (const path of [join(root, 'logs'), log]) chmodSync(path, 0o755);
    },
    deploy: (...options: readonly string[]) =>
      openTerminal(['deploy', site, ...options], { ...bed.env, NO_COLOR: '1' }, bed.directory, 100),
    /** Resolves once dnx follows the log. */
    looked: () => expect.poll(() => existsSync(join(root, 'looked'))).toBe(true),
    passes(ms: number) {
      time += ms;
    },
  };
}

test.skipIf(reason !== undefined)(
  'a deployment on a terminal shows its log and, if it fails, the cause that dnx why finds; in a pipe neither',
  async () => {
    const { bed, site, write, deploy, looked, passes } = await openFailing('cause', 10);

    const terminal = deploy();
    await looked();
    passes(3_000);
    await terminal.shows('deploying');
    write(LOG);
    // While it runs.
    await terminal.shows('Problem 1');
    await terminal.shows('Root composer.json requires php ^8.4');
    passes(8_000);
    await terminal.shows('failed after');
    const { text, code } = await terminal.ended;
    expect(code).toBe(1);
    expect(text).toMatch(/ {2}cause +PHP 8\.3 is too old/);
    expect(text).toMatch(/ {2}because +- Root composer\.json requires php \^8\.4/);
    expect(text).toMatch(new RegExp(`  why +dnx why ${site.replaceAll('.', '\\.')} --server web-1`));

    bed.sandbox.onRequest(() => passes(3_000));
    write('');
    const quiet = deploy('--no-log');
    await quiet.shows('deploying');
    write(LOG);
    const { text: without } = await quiet.ended;
    expect([without.includes('Installing dependencies'), without.includes('PHP 8.3 is too old')]).toEqual([false, true]);

    const { exitCode, stderr } = await bed.here(['deploy', site]);
    expect([exitCode, stderr]).toEqual([1, expect.not.stringMatching(/ {2}because|Problem 1/)]);
  },
  60_000,
);

test.skipIf(reason !== undefined)('the log shows what was written when the outcome was known, before the outcome', async () => {
  const { bed, log, write, deploy, looked, passes } = await openFailing('end');
  write('');
  let ends = 0;
  bed.sandbox.onRequest(() => {
    if (ends > 0 || bed.sandbox.state.releases.at(-1)?.status !== 'failed') return;
    ends += 1;
    appendFileSync(log, `${LOG}Deployment failed.`);
  });

  const terminal = deploy();
  await looked();
  appendFileSync(log, 'Cloning\n');
  await terminal.shows('Cloning');
  passes(3_000);
  await terminal.shows('deploying');
  passes(8_000);
  const { text, code } = await terminal.ended;
  expect([code, ends]).toEqual([1, 1]);
  const told = ['Problem 1', '- Root composer.json requires', 'Deployment failed.', 'failed after'].map((each) => text.indexOf(each));
  expect(told, text).not.toContain(-1);
  expect(told).toEqual([...told].sort((one, other) => one - other));
});

/** What Composer writes: its lines begin with a mark of dnx's own plans. */
const COMPOSER = `Lock file operations: 2 installs, 1 update, 1 removal
  - Downloading laravel/framework (v12.38.1)
  - Removing fideloper/proxy (4.4.2)
  - Upgrading symfony/console (v7.3.3 => v7.3.4): Extracting archive
  - Installing laravel/framework (v12.38.1): Extracting archive
`;

test.skipIf(reason !== undefined)('a line of Composer has no color of its own', async () => {
  const { bed, site, write, looked, passes } = await openFailing('composer', 10);
  bed.sandbox.state.fail_deploys = false;
  const terminal = openTerminal(['deploy', site], { ...bed.env, FORCE_COLOR: '1' }, bed.directory, 100);
  await looked();
  passes(3_000);
  await terminal.shows('deploying');
  write(COMPOSER);
  await terminal.shows('Installing laravel/framework');
  bed.sandbox.onRequest(() => passes(3_000));
  const { raw, code } = await terminal.ended;
  expect([code, raw.includes('\u001b[32m✓'), raw.includes('\u001b[31m- ')], raw).toEqual([0, true, false]);
});
