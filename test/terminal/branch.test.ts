import { expect, onTestFinished, test } from 'vitest';
import { siteOf } from '../support/branches.ts';
import { openExecutable } from '../support/executable.ts';
import { hasten } from '../support/hasten.ts';
import { keys, openTerminal } from '../support/terminal.ts';

test('Ctrl-C during a deployment of another branch says how the branch is restored, on 80 columns', async () => {
  const executable = await openExecutable({ speed: 5, rateLimit: 0 });
  onTestFinished(() => executable.close());
  const { sandbox, directory } = executable;
  const env = { DNX_HOST: sandbox.url, DNX_TOKEN: sandbox.token, DNX_RATE_LIMIT: 'off', NO_COLOR: '1' };
  const open = (...words: string[]) => openTerminal(words, { ...env, ...hasten(5).env }, directory, 80);

  const terminal = open('deploy', 'blog.example.com', '--branch', 'feature/search', '--yes');
  await terminal.shows('Set the branch of blog.example.com to feature/search for this deployment.');
  await terminal.shows('deploying');
  terminal.type(keys.interrupt);
  const { text, code } = await terminal.ended;

  expect(code).toBe(130);
  expect(text.replaceAll('\r', '').split('Stopped watching')[1]?.trimEnd().split('\n')).toEqual([
    '; the deployment continues.',
    "  The branch of blog.example.com is still 'feature/search'. It is restored by",
    '  the next dnx command for this site once the deployment is over.',
    '  Resume with: dnx watch blog.example.com --server web-1',
    '  Or restore it now with:',
    '    dnx site update blog.example.com --server web-1 --branch main',
  ]);
  expect(siteOf(executable).branch).toBe('feature/search');

  const watch = open('watch', 'blog.example.com');
  await watch.shows(/Restored the branch of blog\.example\.com to main, after an interrupted deployment\s+of\s+feature\/search\./);
  expect([(await watch.ended).code, siteOf(executable).branch]).toEqual([0, 'main']);
}, 60_000);
