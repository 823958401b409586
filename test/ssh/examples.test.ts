import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { split } from '../support/dnx.ts';
import { examples, prepareFiles } from '../support/examples.ts';
import { openSshBed, type SshBed } from '../support/ssh-bed.ts';
import { ownDomain, reasonAgainstSsh } from '../support/sshd.ts';
import { sampled, seedOf } from '../support/volume.ts';

const reason = reasonAgainstSsh('remote examples');

const SITE = ownDomain('examples');
const BLOG = ownDomain('examples-blog');
const NGINX = `/var/log/nginx/${SITE}-error.log`;
const NOW = new Date().toISOString().slice(0, 19).replace('T', ' ');
const LOG = `[${NOW}] production.ERROR: No such table {"exception":"[object]"}\n`;

/** The examples that read from a server, except those of its services, of ports of one, of those that connect to one, of files, and of imports. */
const lines = examples.filter(
  ({ line, remote }) => (remote && !/^dnx (service|db|tunnel|cp|storage|import) /.test(line)) || /^dnx (ssh|artisan|tinker) /.test(line),
);

let bed: SshBed;
beforeAll(async () => {
  if (reason !== undefined) return;
  bed = await openSshBed();
  bed.sshd.share();
  bed.shop(SITE, {
    releases: ['20260101_000000', '20260102_000000'],
    files: {
      'current/artisan': '',
      'current/composer.json': '{"require":{"php":"^8.2"}}',
      'current/storage/logs/laravel.log': LOG,
      'shared/storage/logs/laravel.log': LOG,
      'shared/.env': 'APP_KEY=x\n',
      'deploy.log': 'Deployed\n',
    },
  });
  // No other site is on the server.
  bed.sandbox.state.sites.splice(2);
  Object.assign(bed.sandbox.state.sites[1] ?? {}, { domain: BLOG });
  bed.sshd.site(BLOG, { files: { artisan: '' } });
  bed.sshd.program('php', '#!/bin/sh\necho "PHP 8.3.14"\n');
  mkdirSync('/var/log/nginx', { recursive: true });
  writeFileSync(NGINX, 'an error\n');
  chmodSync(NGINX, 0o644);
  prepareFiles(bed.directory);
  writeFileSync(join(bed.directory, 'deploy.log'), 'Deployment failed.\n');
});
afterAll(async () => {
  rmSync(NGINX, { force: true });
  await bed?.close();
});

/** Follows a log until it shows something. */
function interrupted(words: readonly string[]) {
  const child = bed.dnx(words);
  child.stdout.once('data', () => child.kill('SIGINT'));
  return child;
}

describe.skipIf(reason !== undefined)('the example', () => {
  test.each(sampled(lines, 6, seedOf(12)).map(({ line }) => line))('%s', async (line) => {
    const follows = / (-f|--follow|--watch)\b/.test(line);
    const words = split(line.replaceAll('shop.example.com', SITE).replaceAll('blog.example.com', BLOG)).slice(1);
    const ran = await (follows ? interrupted(words) : bed.here(words, { elsewhere: () => {} }));
    expect(follows ? [0, 130] : [0], ran.stderr).toContain(ran.exitCode);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/undefined|\[object O|NaN/);
    // An interactive login reads its empty stdin.
    if (!/^dnx (ssh \S+|ssh)$/.test(line)) expect(ran.stdout).not.toBe('');
  });
});
