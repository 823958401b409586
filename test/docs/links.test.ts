import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { files as packed } from '../../package.json';
import { documents } from './documents.ts';

/** The targets of relative links and pictures, from the root of the repository. */
const targetsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => normalize(join(dirname(file), target)));

test.each(documents)('%s links only to files that exist', (file) => {
  expect(targetsOf(file).filter((target) => !existsSync(target))).toEqual([]);
});

test('the package contains every file that the README links to', () => {
  const always = ['README.md', 'LICENSE', 'package.json'];
  const missing = targetsOf('README.md').filter(
    (target) => ![...always, ...packed].some((each) => target === each || target.startsWith(`${each}/`)),
  );
  expect(missing).toEqual([]);
});
