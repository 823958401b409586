import { expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(openBed);

test.each([
  // Words of one tool.
  ['deploy:logs', "Did you mean 'logs --source deploy' or 'why'?", 'dnx help from-forge'],
  ['server:switch shop', "Did you mean 'link'?", 'dnx help from-forge'],
  ['tail -f', "Did you mean 'logs -f'?", 'dnx help from-vapor'],
  ['down', "Did you mean 'artisan down'?", 'dnx help from-vapor'],
  ['secrets', "Did you mean 'env list'?", 'dnx help from-vapor'],
  ['ship', "Did you mean 'server create' or 'site create'?", 'dnx help from-cloud'],
  ['run php artisan migrate', "Did you mean 'artisan migrate:status' or 'ssh'?", 'dnx help from-heroku'],
  ['ps', "Did you mean 'queue list' or 'daemon list'?", 'dnx help from-heroku'],
  ['restart', "Did you mean 'queue restart' or 'daemon restart'?", 'dnx help from-heroku'],
  ['domains', "Did you mean 'site update --domain example.com'?", 'dnx help from-heroku'],
  // Words of several: the table of Forge, if it is one of its own.
  ['env:pull production', "Did you mean 'env pull'?", 'dnx help from-forge'],
  ['server:list', "Did you mean 'server list'?", 'dnx help from-forge'],
  ['site:list --json', "Did you mean 'site list'?", 'dnx help from-forge'],
  ['server:logs', "Did you mean 'server logs' or 'logs'?", 'dnx help from-ploi'],
  ['nginx:logs', "Did you mean 'logs --source nginx'?", 'dnx help from-forge'],
  ['command', "Did you mean 'ssh' or 'artisan migrate:status'?", 'dnx help from-forge'],
  ['database:create', "Did you mean 'database create'?", 'dnx --help'],
  // A command of dnx with a colon comes first.
  ['env:list', "Did you mean 'env list' or 'site list'?", 'dnx help from-vapor'],
  ['auth:login', "Did you mean 'login'?", 'dnx help from-heroku'],
  // One of the two words is a command.
  ['deploy:rollback', "Did you mean 'rollback'?", 'dnx --help'],
  ['site:link', "Did you mean 'link'?", 'dnx --help'],
  ['open:site', "Did you mean 'open'?", 'dnx --help'],
  ['artisan:run', "Did you mean 'artisan'?", 'dnx --help'],
  // Words that have no counterpart.
  ['php:restart', "Unknown command 'php:restart'.\n", 'dnx help from-forge'],
  ['nginx:restart', "Unknown command 'nginx:restart'.\n", 'dnx help from-forge'],
  ['php:status', "Unknown command 'php:status'.\n", 'dnx help from-forge'],
  ['database:status', "Unknown command 'database:status'.\n", 'dnx help from-forge'],
  ['addons:create redis', "Unknown command 'addons:create'.\n", 'dnx help from-heroku'],
  // With a space instead of a colon.
  ['server current', "Did you mean 'status'?", 'dnx help from-forge'],
  // Commands of dnx with a colon, and verbs of several groups.
  ['db-users:rm app', "Did you mean 'database-user delete'?", 'dnx --help'],
  ['ls', "Did you mean 'server list' or 'site list'?", 'dnx --help'],
  ['suspend', "Did you mean 'site suspend'?", 'dnx --help'],
  // The tools themselves.
  ['help forge', "Did you mean 'help from-forge'?", 'dnx --help'],
  ['heroku ps', "Did you mean 'help from-heroku'?", 'dnx --help'],
  ['constructor', "Unknown command 'constructor'.\n", 'dnx --help'],
])('%s: the answer names the command of dnx', async (line, meant, see) => {
  const { code, stderr, calls } = await bed.dnx(line);
  expect([code, calls]).toEqual([2, []]);
  expect(stderr.replace(/\n {2}/g, '\n')).toContain(meant);
  expect(stderr).toContain(`See: ${see}`);
});

test('the word of a certificate is ssl, too', async () => {
  await expect(bed.dnx('ssl list --site shop.example.com')).toExit(0);
});

test('every word of a table is answered with a command beside it', async () => {
  const tables = tree.topics.filter(({ name }) => name.startsWith('from-'));
  for (const { name, load } of tables) {
    const [table] = (await load()).body;
    for (const [term, text] of Array.isArray(table) ? table : []) {
      const [, word = ''] = term.split(/[ ,]+/);
      const { stderr } = await bed.dnx([word, '--help']);
      const unknown = /Unknown command '.*'\. (.*)/.exec(stderr)?.[1];
      const suggested = [...(unknown ?? '').matchAll(/'([^']+)'/g)].map(([, each = '']) => each);
      const words = text.replace('dnx ', '').split(/[; ]+/);
      const isInTable = suggested.some((each) =>
        each.split(' ').every((part, index) => (index === 0 ? words[0] === part : words.includes(part))),
      );
      if (unknown) expect([name, term, unknown, isInTable]).toEqual([name, term, unknown, true]);
      expect(unknown ?? '').not.toMatch(/'[^']*(shop|db-1|web-1|horizon)\b(?<!--database shop)[^']*'/);
    }
  }
});
