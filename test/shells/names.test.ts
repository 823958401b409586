import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Bed } from '../support/dnx.ts';
import { directoriesOf, openSignedIn, recorderIn, run } from './beds.ts';
import { type Completer, missing, openCompleter, tested } from './completers.ts';

/** Commands whose lists have the names below. */
const read = [
  'database list --server web-1',
  'database-user list --server web-1 --database blog',
  'daemon list --server web-1',
  'network-rule list --server web-1',
  'queue list --site shop.example.com',
  'git-provider list',
  'git-repository list',
  'credential list',
  'provider list',
  'provider regions hetzner',
];

const completed: readonly (readonly [typed: string, becomes: string])[] = [
  ['dnx server show web-2', 'server show web-2'],
  ['dnx server show d', 'server show db-1'],
  ['dnx site show sho', 'site show shop.example.com'],
  ['dnx deploy sho', 'deploy shop.example.com'],
  ['dnx deploy blog.example.com sho', 'deploy blog.example.com shop.example.com'],
  ['dnx site list --server d', 'site list --server db-1'],
  ['dnx site list --server=d', 'site list --server=db-1'],
  ['dnx env list --site sho', 'env list --site shop.example.com'],
  ['dnx --no-input status sho', '--no-input status shop.example.com'],
  ['dnx ssh db', 'ssh db-1'],
  ['dnx ssh sho', 'ssh shop.example.com'],
  ['dnx env diff sho', 'env diff shop.example.com'],
  ['dnx config set server d', 'config set server db-1'],
  ['dnx config set site sho', 'config set site shop.example.com'],
  // Names on one server alone.
  ['dnx site show --server web-2 d', 'site show --server web-2 docs.example.com'],
  ['dnx site show --server web-2 sho', 'site show --server web-2 sho'],
  ['dnx site show --server=203.0.113.11 d', 'site show --server=203.0.113.11 docs.example.com'],
  ['dnx database show bl', 'database show blog'],
  ['dnx database show --server web-2 bl', 'database show --server web-2 bl'],
  ['dnx database-user list --server web-1 --database bl', 'database-user list --server web-1 --database blog'],
  ['dnx queue restart --site shop.example.com mai', 'queue restart --site shop.example.com mails'],
  ['dnx queue restart --site blog.example.com mai', 'queue restart --site blog.example.com mai'],
  ['dnx server create web-3 --provider hetz', 'server create web-3 --provider hetzner'],
  ['dnx server create web-3 --provider hetzner --region fs', 'server create web-3 --provider hetzner --region fsn1'],
  ['dnx server create web-3 --provider vultr --region fs', 'server create web-3 --provider vultr --region fs'],
  ['dnx provider regions hetz', 'provider regions hetzner'],
  // Names with blanks.
  ['dnx network-rule show --server web-1 Bl', 'network-rule show --server web-1 Block scanner'],
];

/** Names that are never remembered: they say what secrets there are. */
const secret = ['dnx env get APP_', 'dnx token revoke '];

describe.each(tested)('%s completes names', { timeout: 30_000 }, (shell) => {
  describe.skipIf(missing(shell))('of a stored token', () => {
    let bed: Bed;
    let completer: Completer;
    let recorder: ReturnType<typeof recorderIn>;
    beforeAll(async () => {
      bed = await openSignedIn(...read);
      recorder = recorderIn(bed.directory);
      completer = await openCompleter(shell, { env: directoriesOf(bed), path: recorder.path });
    });
    afterAll(async () => {
      completer.close();
      await bed.close();
    });

    test('without a request or a process', async () => {
      const before = bed.sandbox.calls.length;
      for (const [typed, becomes] of completed) expect([typed, await completer.tab(typed)]).toEqual([typed, becomes]);
      for (const typed of secret) expect(await completer.tab(typed)).toBe(typed.replace('dnx ', '').trim());
      expect([bed.sandbox.calls.length - before, existsSync(recorder.log)]).toEqual([0, false]);
    });

    test.each([
      ['another profile', 'dnx site show --profile work sho'],
      ['another profile, named late', 'dnx --profile=work site show sho'],
      ['another host', 'dnx site show --host deploynix.io sho'],
      ['another host as a URL', 'dnx site show --host=https://deploynix.io sho'],
    ])('but none for %s', async (_, typed) => {
      expect(await completer.tab(typed)).toBe(typed.replace('dnx ', ''));
    });
  });
});

describe.each(tested)('%s offers no names', { timeout: 30_000 }, (shell) => {
  describe.skipIf(missing(shell))('in doubt', () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openSignedIn();
    });
    afterAll(() => bed.close());

    const shown = async (options: Parameters<typeof openCompleter>[1] = {}): Promise<string> => {
      const completer = await openCompleter(shell, { ...options, env: { ...directoriesOf(bed), ...options.env } });
      onTestFinished(() => completer.close());
      return completer.tab('dnx site show sho');
    };
    const none = 'site show sho';
    const found = 'site show shop.example.com';

    test('but with the settings as dnx left them', async () => {
      expect(await shown()).toBe(found);
      expect(await shown({ env: { DNX_PROFILE: 'default', DNX_HOST: bed.sandbox.url } })).toBe(found);
    });

    test.each([
      ['a token in the environment', { DNX_TOKEN: '1|other' }],
      ['another profile', { DNX_PROFILE: 'work' }],
      ['another host', { DNX_HOST: 'https://deploynix.io' }],
      ['other settings', { DNX_CONFIG_DIR: '/nonexistent' }],
      ['another cache', { DNX_CACHE_DIR: '/nonexistent' }],
    ] as const)('with %s', async (_, env) => {
      expect(await shown({ env })).toBe(none);
    });

    test('below a link file that names another profile or host', async () => {
      const link = join(bed.directory, '.deploynix.json');
      const cases = [
        ['{"profile": "work", "site": "shop.example.com"}', none],
        ['{"host": "https://deploynix.io"}', none],
        ['{"profile": "default"}', found],
        [JSON.stringify({ host: bed.sandbox.url }), found],
        ['{"site": "shop.example.com"}', found],
      ] as const;
      for (const [text, becomes] of cases) {
        writeFileSync(link, text);
        expect([text, await shown({ cwd: join(bed.directory, 'cache') })]).toEqual([text, becomes]);
      }
    });

    test('after the settings were edited, until dnx ran again', async () => {
      const config = join(bed.directory, 'config/config.json');
      writeFileSync(config, JSON.stringify({ ...JSON.parse(readFileSync(config, 'utf8')), profile: 'work' }));
      expect(await shown()).toBe(none);
      await run(bed, 'config list');
      expect(await shown()).toBe(none);
      await run(bed, 'auth switch default');
      expect(await shown()).toBe(found);
    });

    test.skipIf(shell === 'fish')('with a profile that is not exported', async () => {
      const completer = await openCompleter(shell, { env: directoriesOf(bed), prepare: ['DNX_PROFILE=default'] });
      onTestFinished(() => completer.close());
      expect(await completer.tab('dnx site show sho')).toBe(none);
    });

    test.skipIf(shell === 'bash')('after a variable on the same line', async () => {
      const completer = await openCompleter(shell, { env: directoriesOf(bed) });
      onTestFinished(() => completer.close());
      expect(await completer.tab('DNX_PROFILE=work dnx site show sho')).not.toContain('shop');
    });

    test('but those that dnx reads with DNX_COMPLETE_ONLINE', async () => {
      const { path, log } = recorderIn(bed.directory, 'shot.example.com');
      const completer = await openCompleter(shell, { env: { ...directoriesOf(bed), DNX_COMPLETE_ONLINE: '1', DNX_TOKEN: '1|x' }, path });
      onTestFinished(() => completer.close());
      expect(await completer.tab('dnx site show --profile work --server=web-2 sho')).toBe(
        'site show --profile work --server=web-2 shot.example.com',
      );
      expect(readFileSync(log, 'utf8')).toBe('completion names site --no-input --max-wait 1s --profile work --server web-2\n');
    });

    test('after signing out', async () => {
      await run(bed, 'logout');
      expect(await shown()).toBe(none);
    });
  });
});
