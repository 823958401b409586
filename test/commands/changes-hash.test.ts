import { createHash } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { openProject } from '../support/project.ts';
import { deployed, type Repository } from '../support/repository.ts';

/** The digits of the hashes of releases. */
const DIGITS = 7;

/** Adds two commits whose hashes begin with the same seven digits, on branches of their own. Returns these digits. */
function addTwins(hub: Repository): string {
  const ada = 'Ada <ada@example.com> 1775001600 +0000';
  const head = `tree ${hub.git('rev-parse', 'HEAD^{tree}')}\nparent ${hub.head()}\nauthor ${ada}\ncommitter ${ada}\n\n`;
  const seen = new Map<string, string>();
  for (let at = 0; ; at++) {
    const commit = `${head}${at}\n`;
    const digits = createHash('sha1').update(`commit ${commit.length}\0${commit}`).digest('hex').slice(0, DIGITS);
    const twin = seen.get(digits);
    seen.set(digits, commit);
    if (twin === undefined) continue;
    for (const [branch, text] of Object.entries({ one: commit, other: twin }))
      hub.git('branch', branch, hub.gitWith(text, 'hash-object', '-t', 'commit', '-w', '--stdin'));
    return digits;
  }
}

test('a short hash that two commits share is not taken for one of them', async () => {
  const { bed, hub, clone, changes } = await openProject({ 'composer.json': '{}' });
  onTestFinished(() => bed.close());
  const digits = addTwins(hub);
  deployed(bed, digits);
  const found = await changes(clone().directory);
  expect([found.commits, found.migrations]).toEqual([null, null]);
  expect(found.unknown).toContainEqual(expect.objectContaining({ what: 'commits', why: expect.stringContaining(digits) }));
});
