import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visible } from '../../src/base/text.ts';
import type { DeployResult } from '../../src/features/deploy/result.ts';
import { previewComment } from '../../src/features/preview/comment.ts';
import { hostileNames } from '../support/hostile-names.ts';

const mark = 'k3vq2mab7xde';
const commit = '90c27bf0a1b2c3d4e5f60718293a4b5c6d7e8f90';
const url = 'https://feature-cart-k3vq2mab7xde.preview.example.com';
const deadline = '2026-12-04T10:00:00Z';
const log = 'https://github.com/example/shop/actions/runs/7';
const deployment: DeployResult = {
  ...{ site: 'feature-cart-k3vq2mab7xde.preview.example.com', server: 'previews-1', status: 'active', outcome: 'succeeded' },
  ...{ started_at: null, finished_at: null, duration_s: 16, release: '20261201_100000', live: '20261201_100000' },
};

test('a comment has the URL, the commit, the deployment and the deadline', () => {
  const text = previewComment({ mark, branch: 'feature/cart', commit }, { preview: { url, deadline, deployment }, failed: false, log });
  expect(text).toBe(`[//]: # (dnx preview k3vq2mab7xde)

**Preview of \`feature/cart\`** is up: <https://feature-cart-k3vq2mab7xde.preview.example.com>

- Commit: 90c27bf
- Deployment: succeeded in 16s
- Removed after 2026-12-04 10:00 UTC, or once the branch is gone
`);
});

test('a comment on a failed deployment links the log', () => {
  const failed = { ...deployment, outcome: 'failed' as const };
  const text = previewComment(
    { mark, branch: 'feature/cart', commit },
    { preview: { url, deadline, deployment: failed }, failed: true, log },
  );
  expect(text).toContain('**Preview of `feature/cart`** failed.\n');
  expect(text).toContain('- Deployment: failed in 16s\n');
  expect(text).toContain(`- Log: <${log}>\n`);
});

test('a comment on what failed before there was a preview has a commit at most', () => {
  const nothing = { preview: undefined, failed: true };
  expect(previewComment({ mark, branch: 'a', commit: undefined }, nothing)).toBe(
    `[//]: # (dnx preview ${mark})\n\n**Preview of \`a\`** failed.\n`,
  );
});

/** A comment without its first span of code, and what is in that, as CommonMark reads it. */
function split(text: string): readonly [rest: string, code: string | undefined] {
  const [, before = '', fence = ''] = /^([^`]*)(`+)/.exec(text) ?? [];
  const from = before.length + fence.length;
  const end = [...text.slice(from).matchAll(/`+/g)].find(([run]) => run.length === fence.length)?.index;
  if (end === undefined) return [text, undefined];
  const content = text.slice(from, from + end);
  const isPadded = /^ .* $/.test(content) && content.trim() !== '';
  return [before + text.slice(from + end + fence.length), isPadded ? content.slice(1, -1) : content];
}

const plainRest = split(previewComment({ mark, branch: 'x', commit }, { preview: { url, deadline, deployment }, failed: false }))[0];

function expectCode(branch: string): void {
  const text = previewComment({ mark, branch, commit }, { preview: { url, deadline, deployment }, failed: false });
  expect(split(text)).toEqual([plainRest, visible(branch)]);
}

const branches = [
  ...hostileNames,
  ...['`', '``', '`a`', 'a```b`', '@everyone', '#1', '<img src=x onerror=alert(1)>', '[a](javascript:alert(1))', '](x)', '-->', '**a**'],
  ...['a|b', '\u202efdp', 'ü/🚀', ') @a', 'a'.repeat(200), '`'.repeat(200)],
];

test.each(branches)('the branch %j is nothing but code in a comment', expectCode);

test('any branch is nothing but code in a comment', () => {
  const piece = fc.oneof(fc.constantFrom('`', '``', ' ', '\n', '<', '>', '@a', '|', '*', '\\', '](', '🚀'), fc.string());
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1 }).map((pieces) => `a${pieces.join('')}`),
      expectCode,
    ),
  );
});

test('a URL that could be more than a URL is code', () => {
  const hostile = 'https://x.example.com/>\n@everyone <b>';
  const text = previewComment({ mark, branch: 'x', commit }, { preview: { url: hostile, deadline, deployment }, failed: false });
  expect(text).toContain('is up: `https://x.example.com/>\\n@everyone <b>`\n');
});
