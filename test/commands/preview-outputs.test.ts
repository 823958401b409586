import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HOUR } from '../../src/base/time.ts';
import { perTest } from '../support/fixtures.ts';
import { openPreviewBed } from '../support/preview-bed.ts';
import { dotenvIn, outputsIn } from '../support/reported.ts';
import { offeredAt } from '../support/tab.ts';

interface Printed {
  readonly site: string;
  readonly url: string;
  readonly deadline: string;
  readonly deployment: { readonly release: string; readonly duration_s: number };
}

const bed = perTest(() => openPreviewBed());

/** A file in the clone, where dnx runs. */
const at = (name: string): string => join(bed.clone.directory, name);
const read = (name: string): string => readFileSync(at(name), 'utf8');
const domainOf = (branch: string): string => bed.sandbox.state.sites.find((site) => site.branch === branch)?.domain ?? '';
const withoutTimes = (text: string): string => text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, 'TIME').replace(/in \d+s/, 'in TIME');

test('up writes a comment for the pull request in place of the last one', async () => {
  writeFileSync(at('comment.md'), 'yesterday');
  const commit = bed.push('feature/cart');
  await expect(bed.dnx('preview up feature/cart --yes --comment comment.md')).toExit(0);
  const url = `https://${domainOf('feature/cart')}`;
  expect(withoutTimes(read('comment.md'))).toBe(`[//]: # (dnx preview ${/-([a-z2-7]{12})\./.exec(url)?.[1]})

**Preview of \`feature/cart\`** is up: <${url}>

- Commit: ${commit.slice(0, 7)}
- Deployment: succeeded in TIME
- Removed after TIME, or once the branch is gone
`);
});

test('a comment on a failure links the log of the job, and has no message', async () => {
  bed.push('feature/cart');
  writeFileSync(at('comment.md'), 'yesterday');
  bed.sandbox.faults.next({ method: 'POST', path: /\/sites$/ }, { status: 422, body: { message: 'The token 7|secret is in a message.' } });
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'example/shop', GITHUB_RUN_ID: '7' };
  const run = await bed.dnx('preview up feature/cart --yes --comment comment.md', { env });
  expect(run.code).not.toBe(0);
  expect(read('comment.md')).toMatch(/^\[\/\/\]: # \(dnx preview [a-z2-7]{12}\)\n\n\*\*Preview of `feature\/cart`\*\* failed\.\n/);
  expect(read('comment.md')).toContain('- Log: <https://github.com/example/shop/actions/runs/7>\n');
  expect(read('comment.md')).not.toContain('secret');
});

test('a file that cannot be written stops up before it changes anything', async () => {
  bed.push('feature/cart');
  mkdirSync(at('folder'));
  for (const name of ['folder', 'nowhere/comment.md', '/dev/null', ''])
    await expect(bed.dnx(['preview', 'up', 'feature/cart', '--yes', '--comment', name])).toExit(2, { changes: [] });
});

test('a dry run leaves the comment as it is', async () => {
  bed.push('feature/cart');
  writeFileSync(at('comment.md'), 'yesterday');
  await expect(bed.dnx('preview up feature/cart --dry-run --comment comment.md')).toExit(0, { changes: [] });
  expect(read('comment.md')).toBe('yesterday');
});

test('later steps of a pipeline get the URL, and nothing that a branch is called', async () => {
  const branch = "$(touch$IFS'HOSTILE-1')`touch$IFS'HOSTILE-1'`";
  bed.push(branch);
  writeFileSync(at('output'), '');
  const env = { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: at('output'), GITHUB_HEAD_REF: branch };
  const run = await bed.dnx('preview up --yes --json --result-file preview.env --result-file preview.json', { env });
  expect(run).toExit(0);
  const { url, site, deadline, deployment } = run.json<Printed>();
  expect([site, url]).toEqual([domainOf(branch), `https://${domainOf(branch)}`]);
  const outputs = {
    ...{ outcome: 'succeeded', exit_code: '0', status: 'active', release: deployment.release, duration: String(deployment.duration_s) },
    ...{ url, domain: site, deadline },
  };
  expect(outputsIn(read('output'))).toEqual(outputs);
  // No name is one that dnx reads as a setting, such as DNX_SITE.
  expect(dotenvIn(read('preview.env'))).toEqual(
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`DNX_${name.toUpperCase()}`, value])),
  );
  expect(JSON.parse(read('preview.json'))).toEqual(run.json());
  expect(existsSync(at('HOSTILE-1'))).toBe(false);
});

test('after a failed deployment, later steps and the comment still have the URL', async () => {
  bed.push('feature/cart');
  writeFileSync(at('output'), '');
  bed.sandbox.state.fail_deploys = 'migration';
  const env = { CI: 'true', GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: at('output') };
  await expect(bed.dnx('preview up feature/cart --yes --comment comment.md', { env })).toExit(1);
  const url = `https://${domainOf('feature/cart')}`;
  expect(outputsIn(read('output'))).toMatchObject({ outcome: 'failed', exit_code: '1', url, domain: domainOf('feature/cart') });
  expect(withoutTimes(read('comment.md'))).toContain(`** failed.\n\n- URL: <${url}>\n`);
});

test('a token for up and sweep has no other ability, and does both', async () => {
  const made = await bed.dnx(['token', 'create', 'preview', '--for', 'preview up', '--for', 'preview sweep']);
  expect(made).toExit(0);
  const token = bed.sandbox.state.tokens.find(({ name }) => name === 'preview');
  expect([...(token?.abilities ?? [])].sort()).toEqual([
    ...['certificate:create', 'certificate:read'],
    ...['database:create', 'database:delete', 'database:read'],
    ...['provider:read', 'server:read'],
    ...['site:create', 'site:delete', 'site:deploy', 'site:read', 'site:update'],
  ]);
  const env = { DNX_TOKEN: made.stdout.trim() };
  bed.push('feature/cart');
  await expect(bed.dnx('preview up feature/cart --yes', { env })).toExit(0);
  bed.drop('feature/cart');
  await bed.clock.sleep(2 * HOUR);
  await expect(bed.dnx('preview sweep --confirm shop.example.com', { env })).toExit(0);
  expect(domainOf('feature/cart')).toBe('');
});

test('a Tab offers the branches that have a preview', async () => {
  for (const branch of ['feature/cart', 'feature/tax', 'feature/zoo']) bed.push(branch);
  bed.clone.git('fetch', '--quiet', 'origin');
  const offered = (line: string) => offeredAt(bed.bed, line, { cwd: bed.clone.directory, env: { PATH: process.env.PATH } });
  const all = ['feature/cart', 'feature/tax', 'feature/zoo', 'main'];
  expect([...(await offered('dnx preview up '))].sort()).toEqual(all);
  expect([...(await offered('dnx preview down '))].sort()).toEqual(all);
  await expect(bed.dnx('preview up feature/tax --yes')).toExit(0);
  await expect(bed.dnx('site list --server previews-1')).toExit(0);
  expect(await offered('dnx preview down ')).toEqual(['feature/tax']);
  expect(await offered('dnx preview open ')).toEqual(['feature/tax']);
  expect([...(await offered('dnx preview up '))].sort()).toEqual(all);
});
