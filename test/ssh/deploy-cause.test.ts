import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openSshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { openTerminal } from '../support/terminal.ts';

const reason = reasonAgainstSsh('the cause of a failed deployment');

const LOG = `Installing dependencies from lock file
Your lock file does not contain a compatible set of packages. Please run composer update.

  Problem 1
    - Root composer.json requires php ^8.4 but your php version (8.3.14) does not satisfy that requirement.
`;

test.skipIf(reason !== undefined)(
  'a deployment on a terminal shows its log and, if it fails, the cause that dnx why finds; in a pipe neither',
  async () => {
    const bed = await openSshBed();
    onTestFinished(() => bed.close());
    const site = ownDomain('cause');
    bed.shop(site, { releases: ['20260102_000000'] });
    const logs = join('/home/deploynix', site, 'logs');
    bed.sandbox.state.fail_deploys = true;

    const terminal = openTerminal(['deploy', site], { ...bed.env, NO_COLOR: '1' }, bed.directory, 100);
    await terminal.shows('deploying');
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, 'deploy.log'), LOG);
    for (const path of [logs, join(logs, 'deploy.log')]) chmodSync(path, 0o755);
    // While it runs.
    await terminal.shows('Problem 1');
    await terminal.shows('Root composer.json requires php ^8.4');
    await terminal.shows('failed after');
    const { text, code } = await terminal.ended;
    expect(code).toBe(1);
    expect(text).toMatch(/ {2}cause +PHP 8\.3 is too old/);
    expect(text).toMatch(/ {2}because +- Root composer\.json requires php \^8\.4/);
    expect(text).toMatch(new RegExp(`  why +dnx why ${site.replaceAll('.', '\\.')} --server web-1`));

    writeFileSync(join(logs, 'deploy.log'), '');
    const quiet = openTerminal(['deploy', site, '--no-log'], { ...bed.env, NO_COLOR: '1' }, bed.directory, 100);
    await quiet.shows('deploying');
    writeFileSync(join(logs, 'deploy.log'), LOG);
    const { text: without } = await quiet.ended;
    expect([without.includes('Installing dependencies'), without.includes('PHP 8.3 is too old')]).toEqual([false, true]);

    const piped = bed.dnx(['deploy', site]);
    const { exitCode, stderr } = await piped;
    expect([exitCode, stderr]).toEqual([1, expect.not.stringMatching(/ {2}because|Problem 1/)]);
  },
  180_000,
);

test.skipIf(reason !== undefined)(
  'the log shows what was written when the outcome was known, before the outcome',
  async () => {
    const bed = await openSshBed();
    onTestFinished(() => bed.close());
    const site = ownDomain('end');
    bed.shop(site, { releases: ['20260102_000000'] });
    const logs = join('/home/deploynix', site, 'logs');
    mkdirSync(logs, { recursive: true });
    writeFileSync(join(logs, 'deploy.log'), '');
    for (const path of [logs, join(logs, 'deploy.log')]) chmodSync(path, 0o755);
    bed.sandbox.state.fail_deploys = true;
    let ends = 0;
    bed.sandbox.onRequest(() => {
      if (ends > 0 || bed.sandbox.state.releases.at(-1)?.status !== 'failed') return;
      ends += 1;
      appendFileSync(join(logs, 'deploy.log'), `${LOG}Deployment failed.`);
    });

    const terminal = openTerminal(['deploy', site], { ...bed.env, NO_COLOR: '1' }, bed.directory, 100);
    await terminal.shows('deploying');
    appendFileSync(join(logs, 'deploy.log'), 'Cloning\n');
    await terminal.shows('Cloning');
    const { text, code } = await terminal.ended;
    expect([code, ends]).toEqual([1, 1]);
    const told = ['Problem 1', '- Root composer.json requires', 'Deployment failed.', 'failed after'].map((each) => text.indexOf(each));
    expect(told, text).not.toContain(-1);
    expect(told).toEqual([...told].sort((one, other) => one - other));
  },
  60_000,
);
