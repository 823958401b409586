import { describe, expect, test } from 'vitest';
import { everyCommand } from '../../src/cli/language/tree.ts';
import { tree } from '../../src/commands/index.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { offeredAt, tab } from '../support/tab.ts';

describe('a Tab completes', () => {
  const bed = perSuite(openBed);

  test.each(
    [
      // Groups, commands and their other names.
      ['dnx serve', 'dnx server'],
      ['dnx dep', 'dnx deploy'],
      ['dnx site dep', 'dnx site deploy'],
      ['dnx sites dep', 'dnx sites deploy'],
      ['dnx firewall cr', 'dnx firewall create'],
      ['dnx workers cr', 'dnx workers create'],
      ['dnx rel', 'dnx releases'],
      ['dnx db tun', 'dnx db tunnel'],
      ['dnx dbs sh', 'dnx dbs shell'],
      // Help.
      ['dnx help exit', 'dnx help exit-codes'],
      ['dnx help serve', 'dnx help server'],
      ['dnx help site sched', 'dnx help site schedule'],
      ['dnx help sites sched', 'dnx help sites schedule'],
      ['dnx site help sched', 'dnx site help schedule'],
      // Options.
      ['dnx --he', 'dnx --help'],
      ['dnx site deploy --no-w', 'dnx site deploy --no-wait'],
      ['dnx site list --no-h', 'dnx site list --no-header'],
      ['dnx deploy --time', 'dnx deploy --timeout'],
      ['dnx audit --out', 'dnx audit --output'],
      ['dnx token rm --y', 'dnx token rm --yes'],
      ['dnx db list --serv', 'dnx db list --server'],
      ['dnx open --dash', 'dnx open --dashboard'],
      ['dnx ssh web-1 --us', 'dnx ssh web-1 --user'],
      ['dnx artisan --sit', 'dnx artisan --site'],
      ['dnx server create --field a=b --fiel', 'dnx server create --field a=b --fiel'],
      ['dnx server create --fields a --fie', 'dnx server create --fields a --field'],
      // Words after an option of every command.
      ['dnx --profile work serve', 'dnx --profile work server'],
      ['dnx --profile=work serve', 'dnx --profile=work server'],
      ['dnx -q -o json site dep', 'dnx -q -o json site deploy'],
      ['dnx -qo json site dep', 'dnx -qo json site deploy'],
      ['dnx -ojson site dep', 'dnx -ojson site deploy'],
      ['dnx --server web-1 site dep', 'dnx --server web-1 site deploy'],
      ['dnx site --profile work dep', 'dnx site --profile work deploy'],
      ['dnx --debug help si', 'dnx --debug help site'],
      // Choices and suggestions.
      ['dnx site list -o nd', 'dnx site list -o ndjson'],
      ['dnx site ls --output nd', 'dnx site ls --output ndjson'],
      ['dnx site list --output=nd', 'dnx site list --output=ndjson'],
      ['dnx -o nd', 'dnx -o ndjson'],
      ['dnx audit -o sa', 'dnx audit -o sarif'],
      ['dnx audit --output=nd', 'dnx audit --output=ndjson'],
      ['dnx backup list --status comp', 'dnx backup list --status completed'],
      ['dnx site create --php-version 8.3', 'dnx site create --php-version 8.3'],
      ['dnx api PA', 'dnx api PATCH'],
      ['dnx config get serv', 'dnx config get server'],
      ['dnx config set outp', 'dnx config set output'],
      ['dnx config set output nd', 'dnx config set output ndjson'],
      ['dnx completion uninstall po', 'dnx completion uninstall powershell'],
      // Abilities and fields.
      ['dnx login --ability site:de site:dep', 'dnx login --ability site:de site:dep'],
      ['dnx token create ci --ability site:dep', 'dnx token create ci --ability site:deploy'],
      ['dnx token create ci --ability site:deploy --ability site:dep', 'dnx token create ci --ability site:deploy --ability site:dep'],
      ['dnx auth refresh --ability=queue-worker:u', 'dnx auth refresh --ability=queue-worker:update'],
      ['dnx server list --fields ip', 'dnx server list --fields ip_address'],
      ['dnx server list --fields name,ip', 'dnx server list --fields name,ip_address'],
      ['dnx server list --fields ip_address,ip', 'dnx server list --fields ip_address,ip'],
      ['dnx server ls --fields=name,ip', 'dnx server ls --fields=name,ip_address'],
      ['dnx server list --sort ip', 'dnx server list --sort ip_address'],
      ['dnx server list --sort -ip', 'dnx server list --sort -ip_address'],
      // Nothing, where no word fits or any may stand.
      ...['ssh web-1 -- --pri', 'ssh web-1 -- df --us', 'artisan migrate --sit', 'artisan --site x migrate --sit', 'env run php --sit'],
      ...['artisan --site=x migrate --sit', 'artisan -o json migrate --sit', 'deploy -- --time', 'site nothing dep', 'nothing dep'],
      ...['server create pack', 'server list --query pack', 'server create web-3 --data pack', 'config set host pack', 'help nothing dep'],
      ...['token revoke pack', 'server list --wide=', '--nothing', 'site --nothing=', '__com'],
    ].map((each) => (typeof each === 'string' ? [`dnx ${each}`, `dnx ${each}`] : each)),
  )('%s', async (typed, becomes) => {
    expect(await tab(bed, typed ?? '')).toBe(becomes);
  });

  test('with descriptions, and only what was not given', async () => {
    expect(await offeredAt(bed, 'dnx si')).toContain('site\tDeploy, roll back and manage sites');
    const before = await offeredAt(bed, 'dnx deploy -');
    expect(before).toContain('--no-wait\tDo not wait for the result');
    const after = await offeredAt(bed, 'dnx deploy --no-wait -o json --notify true -');
    expect(before.filter((each) => !after.includes(each)).map((each) => each.split('\t')[0])).toEqual(['--wait', '--no-wait', '--output']);
  });

  test('every command, its options and what they take without an error', async () => {
    const leaves = await everyCommand(tree);
    for (const { path } of leaves) {
      expect(await offeredAt(bed, `dnx ${path} --`), path).toContainEqual(expect.stringMatching(/^--profile\t/));
      await offeredAt(bed, `dnx ${path} `);
    }
    const words = (await offeredAt(bed, 'dnx help ')).map((each) => each.split('\t')[0]);
    expect(words).toEqual(expect.arrayContaining(['site', 'deploy', 'status', 'exit-codes']));
    expect(words).not.toContain('__complete');
  });
});
