import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Completer, missing, openCompleter, tested } from './completers.ts';

/** What the user types before Tab, and the words after dnx that result. */
const completed: readonly (readonly [typed: string, becomes: string])[] = [
  // Groups, commands and their other names.
  ['dnx ser', 'server'],
  ['dnx dep', 'deploy'],
  ['dnx site dep', 'site deploy'],
  ['dnx sites dep', 'sites deploy'],
  ['dnx firewall cr', 'firewall create'],
  ['dnx workers cr', 'workers create'],
  ['dnx rel', 'releases'],
  ['dnx db tun', 'db tunnel'],
  ['dnx dbs sh', 'dbs shell'],
  ['deploynix site dep', 'site deploy'],
  ['deploynix-cli site dep', 'site deploy'],
  // Help.
  ['dnx help exit', 'help exit-codes'],
  ['dnx help serv', 'help server'],
  ['dnx help site sched', 'help site schedule'],
  ['dnx help sites sched', 'help sites schedule'],
  // Options.
  ['dnx --he', '--help'],
  ['dnx site deploy --no-w', 'site deploy --no-wait'],
  ['dnx site list --no-h', 'site list --no-header'],
  ['dnx deploy --time', 'deploy --timeout'],
  ['dnx audit --out', 'audit --output'],
  ['dnx token rm --y', 'token rm --yes'],
  ['dnx db list --serv', 'db list --server'],
  ['dnx open --dash', 'open --dashboard'],
  ['dnx ssh web-1 --us', 'ssh web-1 --user'],
  ['dnx artisan --sit', 'artisan --site'],
  // Words after a global option.
  ['dnx --profile work ser', '--profile work server'],
  ['dnx --profile=work ser', '--profile=work server'],
  ['dnx -q -o json site dep', '-q -o json site deploy'],
  ['dnx site --profile work dep', 'site --profile work deploy'],
  ['dnx --debug help si', '--debug help site'],
  // Choices.
  ['dnx site list -o nd', 'site list -o ndjson'],
  ['dnx site ls --output nd', 'site ls --output ndjson'],
  ['dnx site list --output=nd', 'site list --output=ndjson'],
  ['dnx -o nd', '-o ndjson'],
  ['dnx audit -o sa', 'audit -o sarif'],
  ['dnx audit --output=nd', 'audit --output=ndjson'],
  ['dnx backup list --status comp', 'backup list --status completed'],
  ['dnx api PA', 'api PATCH'],
  ['dnx config get serv', 'config get server'],
  ['dnx config set outp', 'config set output'],
  ['dnx config set output nd', 'config set output ndjson'],
  ['dnx completion uninstall po', 'completion uninstall powershell'],
  // Abilities and fields.
  ['dnx login --ability site:de site:dep', 'login --ability site:de site:dep'],
  ['dnx token create ci --ability site:dep', 'token create ci --ability site:deploy'],
  ['dnx auth refresh --ability=queue-worker:u', 'auth refresh --ability=queue-worker:update'],
  ['dnx server list --fields ip', 'server list --fields ip_address'],
  ['dnx server list --fields name,ip', 'server list --fields name,ip_address'],
  ['dnx server ls --fields=name,ip', 'server ls --fields=name,ip_address'],
  ['dnx server list --sort ip', 'server list --sort ip_address'],
  ['dnx server list --sort -ip', 'server list --sort -ip_address'],
  // Files.
  ['dnx backup download 01JQ -O package-l', 'backup download 01JQ -O package-lock.json'],
  ['dnx server create web-3 --data @package-l', 'server create web-3 --data @package-lock.json'],
  ['dnx server create web-3 --data=@package-l', 'server create web-3 --data=@package-lock.json'],
  ['dnx server create web-3 -F key=@package-l', 'server create web-3 -F key=@package-lock.json'],
  ['dnx ssh-key create ada --public-key @docs/architec', 'ssh-key create ada --public-key @docs/architecture.md'],
  ['dnx audit --baseline docs/architec', 'audit --baseline docs/architecture.md'],
  // Programs on this machine.
  ['dnx sandbox run -- basena', 'sandbox run -- basename'],
  ['dnx sandbox run basena', 'sandbox run basename'],
  ['dnx env run --site shop.example.com basena', 'env run --site shop.example.com basename'],
  ['dnx sandbox run -- cat package-l', 'sandbox run -- cat package-lock.json'],
];

/** Lines on which nothing is offered: after --, in the command line of another program, and where any value is fine. */
const foreign: readonly string[] = [
  'dnx ssh web-1 -- --pri',
  'dnx ssh web-1 -- df --us',
  'dnx artisan migrate --sit',
  'dnx artisan --site shop.example.com migrate --sit',
  'dnx artisan --site=shop.example.com migrate --sit',
  'dnx artisan -o json migrate --sit',
  'dnx env run php --sit',
  'dnx deploy -- --time',
  'dnx site nothing dep',
  'dnx nothing dep',
  'dnx server create pack',
  'dnx server list --query pack',
  'dnx server create web-3 --data pack',
  'dnx config set host pack',
  'dnx help nothing dep',
  'dnx token revoke pack',
];

describe.each(tested)('%s completes', { timeout: 30_000 }, (shell) => {
  describe.skipIf(missing(shell))('a line', () => {
    let completer: Completer;
    beforeAll(async () => {
      completer = await openCompleter(shell);
    });
    afterAll(() => completer.close());

    test.each(completed)('%s', async (typed, becomes) => {
      expect(await completer.tab(typed)).toBe(becomes);
    });

    test.each(foreign)('nothing in %s', async (typed) => {
      expect(await completer.tab(typed)).toBe(typed.replace('dnx ', ''));
    });
  });
});
