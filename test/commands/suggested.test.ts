import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const name = "$(touch pwned)`touch pwned`';touch pwned;'&&touch pwned|touch pwned>pwned #";
const shop = seeded.sites['shop.example.com'];
const web1 = seeded.servers['web-1'];

/** Pastes every suggested command into bash, where `dnx` prints its arguments, and returns them. */
function pasted(text: string): readonly string[] {
  const lines = text.split('\n').flatMap((line) => /\bdnx [a-z].*/.exec(line)?.[0] ?? []);
  const script = `dnx() { printf '%s\\n' "$@"; }\n${lines.join('\n')}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: bed.directory, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n');
}

test.each<[string, readonly string[], RunOptions?]>([
  ['a deployment', ['deploy', shop, '--server', web1]],
  ['a deployment that is not followed', ['deploy', name, '--server', name, '--no-wait']],
  ['a deployment that fails', ['deploy', shop, '--server', web1]],
  ['an interrupted deployment', ['deploy', shop, '--server', web1], { interruptAt: 5_000 }],
  ['a rollback', ['rollback', shop, '--server', web1, '--yes']],
])('a name that is shell code stays one word in a suggested command: %s', async (which, words, options) => {
  Object.assign(bed.sandbox.state.servers.find(({ id }) => id === web1) ?? {}, { name });
  Object.assign(bed.sandbox.state.sites.find(({ id }) => id === shop) ?? {}, { domain: name });
  bed.sandbox.state.fail_deploys = which === 'a deployment that fails';
  const run = await bed.dnx(words, options);
  expect(pasted(run.stdout + run.stderr), run.stdout + run.stderr).toContain(name);
  expect(readdirSync(bed.directory)).not.toContain('pwned');
});
