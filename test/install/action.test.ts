import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { version } from '../../package.json';
import { runAction } from './action.ts';
import { emptyFolder, names, run } from './run.ts';

describe.concurrent('the GitHub Action', () => {
  test.each([
    ['its own version', {}],
    ['a version', { version }],
    ['the latest version', { version: 'latest' }],
    ['a tarball', { version: inject('tarball') }],
  ])('installs %s', async (_, inputs) => {
    const { exitCode, output, path, outputs } = await runAction(inputs);
    expect(exitCode, output).toBe(0);
    expect(outputs).toBe(`version=${version}\n`);
    expect(readdirSync(path).sort()).toEqual([...names].sort());
    expect(await run({ release: '24', directory: emptyFolder(), path: [path] }, 'dnx', '--version')).toBe(version);
  });

  test.each(['$(touch pwned)', '1; touch pwned', '--registry=http://127.0.0.1:9', 'file:/tmp', 'npm:other@1', '1 other', 'a/b', '`id`'])(
    'refuses the version %s',
    async (given) => {
      const { exitCode, output, path } = await runAction({ version: given });
      expect({ exitCode, path }).toEqual({ exitCode: 1, path: '' });
      expect(output).toBe('::error title=dnx::The input version is neither a version, such as 0.2.0, nor latest, nor a tarball.');
    },
  );

  test('says that a version does not exist', async () => {
    const { exitCode, output, path } = await runAction({ version: '99.0.0' });
    expect({ exitCode, path }).toEqual({ exitCode: 1, path: '' });
    expect(output).toMatch(/^::error title=dnx::npm could not install deploynix-cli@99\.0\.0 on Node v24\./m);
  });

  test('says that a tarball does not exist', async () => {
    const { output } = await runAction({ version: join(dirname(inject('tarball')), 'other.tgz') });
    expect(output).toBe('::error title=dnx::There is no such tarball.');
  });

  test('says that there is no Node', async () => {
    const { exitCode, output } = await runAction({}, emptyFolder());
    expect({ exitCode, output }).toEqual({
      exitCode: 1,
      output: '::error title=dnx::This runner has no Node. Add actions/setup-node before this step.',
    });
  });
});
