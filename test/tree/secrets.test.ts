import { expect, test } from 'vitest';
import { flagName } from '../../src/base/text.ts';
import { optionsOf } from '../../src/cli/language/signature.ts';
import { openBed } from '../support/dnx.ts';
import { leaves } from '../support/tree.ts';

const value = 'in-the-clear-4711';

/** A command line for each option whose value is a password, a token or a private key. */
const secrets = [
  ['preview up --private-key', 'feature/cart --yes'],
  ['certificate create --private-key', 'shop.example.com --site shop.example.com'],
  ['certificate ensure --private-key', 'shop.example.com --site shop.example.com'],
  ['database-user create --password', 'reporting --server db-1'],
  ['database-user ensure --password', 'reporting --server db-1'],
  ['database-user update --password', 'shop --server db-1'],
  ['credential create --token', 'Spare --provider hetzner'],
  ['git-provider create --token', 'Spare --provider gitlab'],
  ['git-provider update --token', 'Spare'],
] as const;

/** The options of every command, with their kinds. */
const options = leaves.flatMap(({ path, group, command }) =>
  Object.entries(optionsOf(group, command)).map(([key, { kind }]) => ({ key, kind, name: `${path} ${flagName(key)}` })),
);

test('every option for a password, a token or a private key is tested here', () => {
  expect(options.filter(({ kind }) => kind === 'secret').map(({ name }) => name)).toEqual(secrets.map(([name]) => name));
});

test.each(secrets)('%s refuses a value on the command line, sends nothing and does not print it', async (name, words) => {
  const bed = await openBed();
  const [group = '', verb = '', flag = ''] = name.split(' ');
  const run = await bed.dnx([group, verb, ...words.split(' '), flag, value]);
  await bed.close();
  expect(run).toExit(2, { stdout: '', calls: [], says: `${flag} is a secret; pass it as @file or - (stdin).` });
  expect(run.stderr).not.toContain(value);
});

test('no option of another kind is called a password, a token or a key', () => {
  const wrong = options.filter(
    ({ key, kind }) =>
      /pass(word|phrase)|token|secret|key$/.test(key) &&
      !['public_key', 'allow_secret'].includes(key) &&
      !['secret', 'flag'].includes(kind),
  );
  expect(wrong).toEqual([]);
});
