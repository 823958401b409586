import { expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';

const bed = perSuite(openBed);

test.each([
  ['env:pull production', "Did you mean 'env pull'?"],
  ['server:list', "Did you mean 'server list'?"],
  ['database:create', "Did you mean 'database create'?"],
  // One of the two words is a command.
  ['deploy:rollback', "Did you mean 'rollback'?"],
  ['site:link', "Did you mean 'link'?"],
  ['open:site', "Did you mean 'open'?"],
  ['artisan:run', "Did you mean 'artisan'?"],
  // Commands of dnx with a colon, and verbs of several groups.
  ['db-users:rm app', "Did you mean 'database-user delete'?"],
  ['ls', "Did you mean 'server list' or 'site list'?"],
  ['suspend', "Did you mean 'site suspend'?"],
  // The tools themselves.
  ['help forge', "Did you mean 'help from-forge'?"],
  ['heroku ps', "Did you mean 'help from-heroku'?"],
  ['constructor', "Unknown command 'constructor'.\n"],
])('%s: the answer names the command of dnx', async (line, meant) => {
  const { code, stderr, calls } = await bed.dnx(line);
  expect([code, calls]).toEqual([2, []]);
  expect(stderr.replace(/\n {2}/g, '\n')).toContain(meant);
  expect(stderr).toContain('See: dnx --help');
});

test.each(['server list --jq .[]', 'server list --jq=.[].name', 'deploy shop.example.com --json --jq .url'])(
  '%s: the error says that --query takes JMESPath, and how to use jq',
  async (line) => {
    await expect(bed.dnx(line)).toExit(2, {
      calls: [],
      stdout: '',
      says: ["'--jq", '--query takes JMESPath: https://jmespath.org', "For jq, pipe: dnx … --json | jq '…'"],
    });
  },
);

test('the word of a certificate is ssl, too', async () => {
  await expect(bed.dnx('ssl list --site shop.example.com')).toExit(0);
});
