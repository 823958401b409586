import { describe, expect, test } from 'vitest';
import type { DnxError } from '../../src/base/errors.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { guesses } from '../../src/features/help/guesses.ts';
import { openBed, split } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

/** A line that reads, and the line that it is taken for. */
const reads = [
  ['dnx servers', 'server list'],
  ['dnx sites list', 'site list'],
  ['deploynix site list', 'site list'],
  ['servers', 'server list'],
  ['sites --json', 'site list --json'],
  ['list servers', 'server list'],
  ['get servers -o json', 'server list -o json'],
  ['get site shop.example.com', 'site show shop.example.com'],
  ['describe server web-1', 'server show web-1'],
  ['server web-1', 'server show web-1'],
  ['site shop.example.com', 'site show shop.example.com'],
  ['ssl shop.example.com', 'certificate list shop.example.com'],
  ['env shop.example.com', 'env list shop.example.com'],
  ['--server web-1 site logs shop.example.com', '--server web-1 logs shop.example.com'],
  ['site info shop.example.com --format json --verbose', 'site show shop.example.com --output json --debug'],
  // An argument that belongs to an option
  ['env get APP_URL shop.example.com', 'env get APP_URL --site shop.example.com'],
  ['queue show default shop.example.com', 'queue show default --site shop.example.com'],
  ['database list db-1', 'database list --server db-1'],
  ['site list web-1', 'site list --server web-1'],
  // Groups by another name
  ['cron-job list --server web-1', 'crontab list --server web-1'],
  ['cronjobs --server web-1', 'crontab list --server web-1'],
  ['database users --server db-1', 'database-user list --server db-1'],
  ['db user list --server db-1', 'database-user list --server db-1'],
  ['environment list shop.example.com', 'env list shop.example.com'],
  ['firewall-rules --server web-1', 'network-rule list --server web-1'],
  ['git repos', 'git-repository list'],
  ['git providers', 'git-provider list'],
  ['plan check plan.json', 'apply --check plan.json'],
  ['git repository list', 'git-repository list'],
  ['git-repos', 'git-repository list'],
  ['https list shop.example.com', 'certificate list shop.example.com'],
  ['keys --server web-1', 'ssh-key list --server web-1'],
  ['letsencrypt list shop.example.com', 'certificate list shop.example.com'],
  ['processes --server web-1', 'daemon list --server web-1'],
  ['repositories', 'git-repository list'],
  ['rules --server web-1', 'network-rule list --server web-1'],
  ['supervisor list --server web-1', 'daemon list --server web-1'],
  ['tls list shop.example.com', 'certificate list shop.example.com'],
  ['ufw list --server web-1', 'network-rule list --server web-1'],
  ['vars --site shop.example.com', 'env list --site shop.example.com'],
  ['variable list --site shop.example.com', 'env list --site shop.example.com'],
  // Other words
  ['account', 'whoami'],
  ['check shop.example.com', 'status shop.example.com'],
  ['debug shop.example.com', 'why shop.example.com'],
  ['deployments shop.example.com', 'releases shop.example.com'],
  ['deployment list --site shop.example.com', 'releases --site shop.example.com'],
  ['deployment logs shop.example.com', 'logs --source deploy shop.example.com'],
  ['diagnose shop.example.com', 'why shop.example.com'],
  ['disk full shop.example.com', 'why shop.example.com'],
  ['site down shop.example.com', 'why shop.example.com'],
  ['list deployments shop.example.com', 'releases shop.example.com'],
  ['port list --server web-1', 'network-rule list --server web-1'],
  ['events', 'history'],
  ['explain shop.example.com', 'why shop.example.com'],
  ['health shop.example.com', 'status shop.example.com'],
  ['images hetzner', 'provider images hetzner'],
  ['inspect shop.example.com', 'status shop.example.com'],
  ['investigate shop.example.com', 'why shop.example.com'],
  ['log shop.example.com', 'logs shop.example.com'],
  ['man deploy', 'deploy --help'],
  ['me', 'whoami'],
  ['profile list', 'config profiles'],
  ['profiles', 'config profiles'],
  ['region list hetzner', 'provider regions hetzner'],
  ['regions hetzner', 'provider regions hetzner'],
  ['release list shop.example.com', 'releases shop.example.com'],
  ['release shop.example.com', 'releases shop.example.com'],
  ['security', 'audit'],
  ['inventory', 'report'],
  ['overview', 'report'],
  ['size list hetzner', 'provider sizes hetzner'],
  ['sizes hetzner', 'provider sizes hetzner'],
  ['troubleshoot shop.example.com', 'why shop.example.com'],
  ['user', 'whoami'],
  ['webhook list shop.example.com', 'site webhooks shop.example.com'],
  ['webhooks shop.example.com', 'site webhooks shop.example.com'],
  ['config show', 'config list'],
  ['deploy history shop.example.com', 'releases shop.example.com'],
  ['deploy list shop.example.com', 'releases shop.example.com'],
  ['deploy logs shop.example.com', 'logs --source deploy shop.example.com'],
  ['deploy status shop.example.com', 'status shop.example.com'],
  ['network-rule rules --server web-1', 'network-rule list --server web-1'],
  ['queue workers shop.example.com', 'queue list shop.example.com'],
  ['review-apps', 'preview list'],
  ['review', 'preview list'],
  ['preview prune --dry-run', 'preview sweep --dry-run'],
  ['server log web-1', 'server logs web-1'],
  ['server sites --server web-1', 'site list --server web-1'],
  ['server status web-1', 'server show web-1'],
  ['site deployments shop.example.com', 'site releases shop.example.com'],
  ['site env shop.example.com', 'env list shop.example.com'],
  ['site diff shop.example.com blog.example.com', 'site compare shop.example.com blog.example.com'],
  ['compare shop.example.com blog.example.com', 'site compare shop.example.com blog.example.com'],
  ['site history shop.example.com', 'site releases shop.example.com'],
  ['site logs shop.example.com', 'logs shop.example.com'],
  ['site release shop.example.com', 'site releases shop.example.com'],
  ['site status shop.example.com', 'status shop.example.com'],
  ['server all', 'server list'],
  ['site describe shop.example.com', 'site show shop.example.com'],
  ['site details shop.example.com', 'site show shop.example.com'],
  ['server index', 'server list'],
  ['site info shop.example.com', 'site show shop.example.com'],
  ['queue inspect default --site shop.example.com', 'queue show default --site shop.example.com'],
  ['queue status --site shop.example.com', 'queue list --site shop.example.com'],
  ['daemon status horizon --server web-1', 'daemon show horizon --server web-1'],
  ['server view web-1', 'server show web-1'],
  // Options
  ['env list --site-id 7', 'env list --site 7'],
  ['env list --site_id=7', 'env list --site=7'],
  ['env list --site-name shop.example.com', 'env list --site shop.example.com'],
  ['env list --app shop.example.com', 'env list --site shop.example.com'],
  ['releases --domain shop.example.com', 'releases --site shop.example.com'],
  ['site list --server-id web-1', 'site list --server web-1'],
  ['site list --server-name web-1', 'site list --server web-1'],
  ['backup list --database-id shop --server db-1', 'backup list --database shop --server db-1'],
  ['backup list --database-name shop --server db-1', 'backup list --database shop --server db-1'],
  ['backup list --db shop --server db-1', 'backup list --database shop --server db-1'],
  ['server list --api-url http://127.0.0.1:1', 'server list --host http://127.0.0.1:1'],
  ['server list --base-url http://127.0.0.1:1', 'server list --host http://127.0.0.1:1'],
  ['server list --url http://127.0.0.1:1', 'server list --host http://127.0.0.1:1'],
  ['server list --batch', 'server list --no-input'],
  ['server list --columns name,id', 'server list --fields name,id'],
  ['server list --field name', 'server list --fields name'],
  ['server list --select name', 'server list --fields name'],
  ['server list --count 2', 'server list --limit 2'],
  ['server list --max 2', 'server list --limit 2'],
  ['server list --page-size 2', 'server list --limit 2'],
  ['server list --per-page=2', 'server list --limit=2'],
  ['server list -n 2', 'server list --limit 2'],
  ['server list --csv', 'server list --output csv'],
  ['server list --ndjson', 'server list --output ndjson'],
  ['server list --yaml', 'server list --output yaml'],
  ['server list --format json', 'server list --output json'],
  ['server list --format=json', 'server list --output=json'],
  ['server list --output-format json', 'server list --output json'],
  ['server list -f json', 'server list --output json'],
  ['server list -j', 'server list --json'],
  ['-V', '--version'],
  ['server show --id 7', 'server show 7'],
  ['server show --name web-1', 'server show web-1'],
  ['env get --key APP_URL --site shop.example.com', 'env get APP_URL --site shop.example.com'],
  ['queue show --queue default --site shop.example.com', 'queue show default --site shop.example.com'],
  ['queue show --worker default --site shop.example.com', 'queue show default --site shop.example.com'],
  ['server list --no-ansi', 'server list --no-color'],
  ['server list --no-headers', 'server list --no-header'],
  ['server list --no-interaction', 'server list --no-input'],
  ['server list --non-interactive', 'server list --no-input'],
  ['server list --no-pager', 'server list'],
  ['server list --pretty', 'server list'],
  ['server list --raw', 'server list'],
  ['server list --order name', 'server list --sort name'],
  ['server list --order-by name', 'server list --sort name'],
  ['server list --sort-by name', 'server list --sort name'],
  ['server list --silent', 'server list --quiet'],
  ['server list --verbose', 'server list --debug'],
  ['server list --yes', 'server list'],
  ['server list -y', 'server list'],
  ['env list shop.example.com --show', 'env list shop.example.com --reveal'],
  ['env list shop.example.com --show-secrets', 'env list shop.example.com --reveal'],
  ['env list shop.example.com --show-values', 'env list shop.example.com --reveal'],
  ['env list shop.example.com --unmask', 'env list shop.example.com --reveal'],
  ['logs shop.example.com --tail 20', 'logs shop.example.com --lines 20'],
  ['logs shop.example.com --file storage/logs/other.log', 'logs shop.example.com --path storage/logs/other.log'],
  ['logs shop.example.com --type nginx', 'logs shop.example.com --source nginx'],
  // A dry run of a change
  ['rollback shop.example.com --release 7 --dry-run', 'rollback shop.example.com --to 7 --dry-run'],
  ['site suspend shop.example.com --dryrun', 'site suspend shop.example.com --dry-run'],
  ['site suspend shop.example.com --plan', 'site suspend shop.example.com --dry-run'],
  ['site suspend shop.example.com --preview', 'site suspend shop.example.com --dry-run'],
  ['site suspend shop.example.com --simulate', 'site suspend shop.example.com --dry-run'],
  ['site suspend shop.example.com --what-if', 'site suspend shop.example.com --dry-run'],
] as const;

/** A line that would change something or run a program, and the line that the error has. */
const changes = [
  ['create site new.example.com', 'site create new.example.com'],
  ['delete server web-2 --confirm web-2', 'server delete web-2 --confirm web-2'],
  ['restart server web-1', 'server restart web-1'],
  ['deploy --site-id 7 --json', 'deploy --site 7 --json'],
  ['exec web-1 uptime', 'ssh web-1 uptime'],
  ['migrate', 'artisan migrate'],
  ['run migrations', 'artisan migrate'],
  ['cache clear', 'artisan optimize:clear'],
  ['clear cache', 'artisan optimize:clear'],
  ['roll back shop.example.com', 'rollback shop.example.com'],
  ['agent claude', 'agent run claude'],
  ['agent codex exec', 'agent run codex exec'],
  ['agent setup claude', 'agent install claude'],
  ['agent start -- claude', 'agent run -- claude'],
  ['redeploy shop.example.com', 'deploy shop.example.com'],
  ['release create shop.example.com', 'deploy shop.example.com'],
  ['deployment create shop.example.com', 'deploy shop.example.com'],
  ['deployment rollback shop.example.com --yes', 'rollback shop.example.com --yes'],
  ['deployment start shop.example.com', 'deploy shop.example.com'],
  ['revert shop.example.com', 'rollback shop.example.com'],
  ['server ssh web-1', 'ssh web-1'],
  ['shell web-1', 'ssh web-1'],
  ['site artisan migrate', 'artisan migrate'],
  ['site clone shop.example.com --to web-2', 'site copy shop.example.com --to web-2'],
  ['site disable shop.example.com', 'site suspend shop.example.com'],
  ['site duplicate shop.example.com --to web-2', 'site copy shop.example.com --to web-2'],
  ['site enable shop.example.com', 'site resume shop.example.com'],
  ['site pause shop.example.com', 'site suspend shop.example.com'],
  ['site redeploy shop.example.com', 'site deploy shop.example.com'],
  ['site revert shop.example.com', 'site rollback shop.example.com'],
  ['site ssh shop.example.com', 'ssh shop.example.com'],
  ['site start shop.example.com', 'site resume shop.example.com'],
  ['site stop shop.example.com', 'site suspend shop.example.com'],
  ['site unpause shop.example.com', 'site resume shop.example.com'],
  ['site unsuspend shop.example.com', 'site resume shop.example.com'],
  ['backup database shop --server db-1', 'backup create --database shop --server db-1'],
  ['backup make --database shop', 'backup create --database shop'],
  ['backup now --database shop', 'backup create --database shop'],
  ['backup run --db shop', 'backup create --database shop'],
  ['backup site shop.example.com', 'backup create --site shop.example.com'],
  ['backup start --database shop', 'backup create --database shop'],
  ['certificate generate shop.example.com', 'certificate create shop.example.com'],
  ['certificate install shop.example.com', 'certificate create shop.example.com'],
  ['certificate renew shop.example.com', 'certificate create shop.example.com'],
  ['certificate request shop.example.com', 'certificate create shop.example.com'],
  ['deploy now shop.example.com', 'deploy shop.example.com'],
  ['deploy run shop.example.com', 'deploy shop.example.com'],
  ['deploy site shop.example.com', 'deploy shop.example.com'],
  ['deploy start shop.example.com --no-wait', 'deploy shop.example.com --no-wait'],
  ['env add APP_NAME=secret --site shop.example.com', 'env set APP_NAME=… --site shop.example.com'],
  ['env export shop.example.com', 'env pull shop.example.com'],
  ['network-rule allow --port 443 --server web-1', 'network-rule create --port 443 --server web-1'],
  ['network-rule block --port 443 --server web-1', 'network-rule create --port 443 --server web-1'],
  ['network-rule close HTTP --server web-1', 'network-rule delete HTTP --server web-1'],
  ['network-rule deny --port 443 --server web-1', 'network-rule create --port 443 --server web-1'],
  ['network-rule open --port 443 --server web-1', 'network-rule create --port 443 --server web-1'],
  ['redirect add /a /b --site shop.example.com', 'redirect create /a /b --site shop.example.com'],
  ['database drop shop --server db-1', 'database delete shop --server db-1'],
  ['server destroy web-2', 'server delete web-2'],
  ['cron remove 7 --server web-1', 'crontab delete 7 --server web-1'],
  ['cron edit 7 --server web-1', 'crontab update 7 --server web-1'],
  ['cron modify 7 --server web-1', 'crontab update 7 --server web-1'],
  ['cron set 7 --server web-1', 'crontab update 7 --server web-1'],
  ['database new shop --server db-1', 'database create shop --server db-1'],
  ['server reboot web-1', 'server restart web-1'],
  ['queue reload default --site shop.example.com', 'queue restart default --site shop.example.com'],
  ['backup create shop.example.com', 'backup create --site shop.example.com'],
  ['plan apply plan.json', 'apply plan.json'],
  ['preview create feature/cart', 'preview up feature/cart'],
  ['preview deploy feature/cart', 'preview up feature/cart'],
  ['preview start feature/cart', 'preview up feature/cart'],
  ['preview delete feature/cart', 'preview down feature/cart'],
  ['preview destroy feature/cart', 'preview down feature/cart'],
  ['preview remove feature/cart', 'preview down feature/cart'],
  ['preview stop feature/cart', 'preview down feature/cart'],
  ['preview clean', 'preview sweep'],
  ['preview cleanup', 'preview sweep'],
  ['preview prune', 'preview sweep'],
  ['site activate shop.example.com', 'site resume shop.example.com'],
  // Options
  ['cron create x --schedule daily --server web-1', 'cron create x --frequency daily --server web-1'],
  ['cron create x --cron daily --server web-1', 'cron create x --frequency daily --server web-1'],
  ['network-rule create 6379 --from 203.0.113.11 --server db-1', 'network-rule create 6379 --source 203.0.113.11 --server db-1'],
  ['network-rule create 6379 --ip 203.0.113.11 --server db-1', 'network-rule create 6379 --source 203.0.113.11 --server db-1'],
  ['redirect create --source /a --target /b', 'redirect create --from /a --to /b'],
  ['redirect create /a --destination /b --status 301', 'redirect create /a --to /b --type 301'],
  ['queue update default --workers 5', 'queue update default --processes 5'],
  ['queue update default --count 5', 'queue update default --processes 5'],
  ['queue create default --count 5', 'queue create default --processes 5'],
  ['server create x --provider hetzner --location fsn1 --plan cx22', 'server create x --provider hetzner --region fsn1 --size cx22'],
  ['server create x --provider hetzner --datacenter fsn1 --flavor cx22', 'server create x --provider hetzner --region fsn1 --size cx22'],
  ['site suspend shop.example.com --approve', 'site suspend shop.example.com --yes'],
  ['site suspend shop.example.com --assume-yes', 'site suspend shop.example.com --yes'],
  ['site suspend shop.example.com --auto-approve', 'site suspend shop.example.com --yes'],
  ['site suspend shop.example.com --force', 'site suspend shop.example.com --yes'],
  ['site suspend shop.example.com --no-confirm', 'site suspend shop.example.com --yes'],
  ['site suspend shop.example.com --skip-confirmation', 'site suspend shop.example.com --yes'],
  ['deploy shop.example.com --async', 'deploy shop.example.com --no-wait'],
  ['deploy shop.example.com --background', 'deploy shop.example.com --no-wait'],
  ['deploy shop.example.com --detach', 'deploy shop.example.com --no-wait'],
  ['deploy shop.example.com --follow', 'deploy shop.example.com --wait'],
  ['deploy shop.example.com --watch', 'deploy shop.example.com --wait'],
  ['deploy shop.example.com -f', 'deploy shop.example.com --wait'],
  ['rollback shop.example.com --release-id 7', 'rollback shop.example.com --to 7'],
  ['rollback shop.example.com --version 7', 'rollback shop.example.com --to 7'],
] as const;

/** A line that has no counterpart, and what to read. */
const topics = [
  ['server list --token 7|abc', 'help tokens'],
  ['server list --api-token abc', 'help tokens'],
  ['server list --api-key abc', 'help tokens'],
  ['server list --filter status=active', 'help output'],
  ['server list --where status=active', 'help output'],
  ['server list --search web', 'help output'],
  ['server list --page 2', 'help output'],
] as const;

const read = async (line: string) => {
  const { help, ...parsed } = await parse(split(line), tree);
  return { ...parsed, isHelp: help !== undefined };
};

test.each(reads)('%s is %s', async (line, meant) => {
  const { error, ...right } = await read(meant);
  expect(error).toBeUndefined();
  expect(await read(line)).toEqual(right);
});

test.each(changes)('%s: did you mean %s', async (line, meant) => {
  const { line: typedLine, error } = await read(line);
  expect([typedLine, (error as DnxError).code]).toEqual([undefined, 'usage']);
  expect((error as DnxError).next).toEqual([{ command: split(meant), why: 'Did you mean' }]);
});

test.each(topics)('%s: see %s', async (line, topic) => {
  expect((await read(line)).error).toMatchObject({ code: 'usage', next: [{ command: split(topic), why: 'See' }] });
});

test('every guess has a row', () => {
  const lines = [...reads, ...changes, ...topics].map(([line]) => ` ${line} `);
  const missing = [...Object.keys(guesses.words), ...Object.keys(guesses.options)].filter((each) => {
    const words = each.replace(/^\* /, '').replace(' -', '.* -');
    return !lines.some((line) => new RegExp(` ${words}(s|es)?[ =]`).test(line.replace(/repositories/, 'repository')));
  });
  expect(missing).toEqual([]);
});

describe('at the command line', () => {
  const bed = perSuite(openBed);

  test('a line that only reads runs', async () => {
    const run = await bed.dnx('deployments list --site-id shop.example.com --format json');
    expect(run).toExit(0, { stderr: '', stdout: (await bed.dnx('releases shop.example.com --json')).stdout });
  });

  test('a line that changes something does not', async () => {
    const run = await bed.dnx('site stop shop.example.com --yes');
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr).toBe("Error: Unknown command 'site stop'.\n  Did you mean: dnx site suspend shop.example.com --yes\n");
    const { error } = JSON.parse((await bed.dnx('site stop shop.example.com --yes --json')).stderr);
    const line = 'dnx site suspend shop.example.com --yes --json';
    expect(error).toMatchObject({ code: 'usage', hint: `Did you mean: ${line}`, next: [{ command: line, why: 'Did you mean' }] });
  });

  test.each([
    // --yes would not be enough.
    ['server delete web-2 --force', "Unknown option '--force'.\n  See: dnx server delete --help"],
    // No other group has what was meant.
    ['backup delete 7', "Unknown command 'backup delete'.\n  See: dnx backup --help"],
    ['backup get 7', "Unknown command 'backup get'.\n  See: dnx backup --help"],
    ['server status web-1 web-2', "Too many arguments: 'web-2'.\n  See: dnx server show --help"],
    // An error is that of the line as it was typed.
    ['server list -f', "Unknown option '-f'.\n  See: dnx server list --help"],
    ['foo servers', "Unknown command 'foo'.\n  See: dnx --help"],
  ])('%s has no counterpart', async (line, error) => {
    await expect(bed.dnx(line)).toExit(2, { calls: [], stderr: `Error: ${error}\n` });
  });

  test('a site is no guess', async () => {
    for (const name of ['shop', 'info', 'all']) expect((await bed.dnx(`deploy ${name}`)).stderr).toContain(`Site '${name}' not found.`);
  });

  test('help knows the words, too', async () => {
    expect((await bed.dnx('site info --help')).stdout).toBe((await bed.dnx('site show --help')).stdout);
    expect((await bed.dnx('man deploy')).stdout).toBe((await bed.dnx('deploy --help')).stdout);
    expect((await bed.dnx('-V')).stdout).toBe((await bed.dnx('--version')).stdout);
    expect((await bed.dnx('servers --help')).stdout).toBe((await bed.dnx('server --help')).stdout);
  });
});
