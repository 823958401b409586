import { expect, test } from 'vitest';
import { namesAt, remotePath } from '../../src/features/link/link.ts';

test.each([
  ['git@github.com:Example/Shop.git', 'example/shop'],
  ['github.com:example/shop', 'example/shop'],
  ['https://github.com/example/shop', 'example/shop'],
  ['https://user:token@github.com/example/shop.git/', 'example/shop'],
  ['ssh://git@github.com:22/example/shop.git', 'example/shop'],
  ['git+ssh://git@github.com/example/shop.git', 'example/shop'],
  ['git@gitlab.com:group/sub/shop.git', 'group/sub/shop'],
  ['https://git.example.com/scm/example/shop.git?ref=main', 'scm/example/shop'],
  ['ssh://git@[::1]:22/example/shop', 'example/shop'],
  ['git@host:/example/shop.git', 'example/shop'],
  ['git@[2001:db8::1]:example/shop.git', 'example/shop'],
  ['[::1]:example/shop', 'example/shop'],
])('%s is at %s', (url, path) => {
  expect(remotePath(url)).toBe(path);
});

test.each(['/srv/git/shop.git', '../shop', 'C:\\git\\shop', 'file:///srv/git/shop.git', 'https://github.com/shop', 'origin', ''])(
  '%s is no repository of Deploynix',
  (url) => {
    expect(remotePath(url)).toBeUndefined();
  },
);

test('a repository is found after the prefix of a Git host, but not by a part of its name', () => {
  expect(namesAt('scm/example/shop', ['Example/Shop', 'example/blog'])).toEqual(['Example/Shop']);
  expect(namesAt('other-example/shop', ['example/shop'])).toEqual([]);
  expect(namesAt('example/shop', ['shop', ''])).toEqual([]);
});

test('a repository with the whole path comes before one with its end', () => {
  expect(namesAt('group/sub/shop', ['sub/shop', 'Group/Sub/Shop'])).toEqual(['Group/Sub/Shop']);
});
