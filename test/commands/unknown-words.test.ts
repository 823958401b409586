import { afterAll, beforeAll, expect, test } from 'vitest';
import { tree } from '../../src/commands/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

test.each([
  // Words of one tool.
  ['deploy:logs', "Did you mean 'logs --source deploy' or 'why'?", 'dnx help from-forge'],
  ['server:switch shop', "Did you mean 'link shop.example.com'?", 'dnx help from-forge'],
  ['tail -f', "Did you mean 'logs -f'?", 'dnx help from-vapor'],
  ['down', "Did you mean 'artisan down'?", 'dnx help from-vapor'],
  ['secrets', "Did you mean 'env list'?", 'dnx help from-vapor'],
  ['ship', "Did you mean 'server create' or 'site create'?", 'dnx help from-cloud'],
  ['run php artisan migrate', "Did you mean 'artisan migrate:status' or 'ssh shop.example.com -- npm run build'?", 'dnx help from-heroku'],
  ['ps', "Did you mean 'queue list' or 'daemon list'?", 'dnx help from-heroku'],
  ['restart', "Did you mean 'queue restart default' or 'daemon restart \"php artisan horizon\"'?", 'dnx help from-heroku'],
  ['domains', "Did you mean 'site update --domain example.com'?", 'dnx help from-heroku'],
  // Words of several.
  ['env:pull production', "Did you mean 'env pull'?", 'dnx --help'],
  ['server:list', "Did you mean 'server list'?", 'dnx --help'],
  ['site:list --json', "Did you mean 'site list'?", 'dnx --help'],
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
  expect(await bed.dnx('ssl list --site shop.example.com')).toMatchObject({ code: 0 });
});

test('every word of a table is answered with a command beside it', async () => {
  const tables = tree.topics.filter(({ name }) => name.startsWith('from-'));
  for (const { name, load } of tables) {
    const [table] = (await load()).body;
    for (const [term, text] of Array.isArray(table) ? table : []) {
      const [, word = ''] = term.split(/[ ,]+/);
      const { stderr } = await bed.dnx([word, '--help']);
      const unknown = /Unknown command '.*'\. (.*)/.exec(stderr)?.[1];
      const [first = ''] = text.split('; ');
      if (unknown) expect([name, term, unknown]).toEqual([name, term, expect.stringContaining(`'${first.replace('dnx ', '')}'`)]);
    }
  }
});
