import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal } from '../support/terminal.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

const on = (token: string) => ({ DNX_HOST: executable.sandbox.url, DNX_TOKEN: token });
const orders = () => executable.sandbox.calls.filter(({ method }) => method === 'POST');

test('a server is chosen from what the API offers, and the same command without questions is told', async () => {
  const terminal = openTerminal(
    ['server', 'create', 'web-3', '--size', 'cx32', '--no-wait'],
    on(executable.sandbox.token),
    executable.directory,
  );
  await terminal.shows('? Cloud provider:');
  await terminal.shows('navigate');
  terminal.type(keys.down + keys.enter);
  await terminal.shows('✔ Cloud provider: Hetzner');
  await terminal.shows('? Credential for the provider:');
  await terminal.shows('❯ Hetzner production');
  await terminal.shows('navigate');
  terminal.type(keys.enter);
  await terminal.shows('? Region:');
  await terminal.shows('Nuremberg (nbg1)');
  await terminal.shows('navigate');
  terminal.type(keys.down + keys.enter);
  await terminal.shows('? Image:');
  await terminal.shows('Let Deploynix decide');
  await terminal.shows('navigate');
  terminal.type(keys.down + keys.down + keys.enter);
  const { text, code } = await terminal.ended;
  expect(text).toContain(
    'The same without questions: dnx server create web-3 --size cx32 --no-wait --provider hetzner --credential-id 01JQ8Z4T9G00000000CRED0001 --region nbg1',
  );
  expect(text, 'credentials of another provider are not offered').not.toMatch(/❯ Hetzner production[^?]*DigitalOcean/);
  expect(code).toBe(0);
  expect(executable.sandbox.state.servers.at(-1)).toMatchObject({ name: 'web-3', provider: 'hetzner', region: 'nbg1', size: 'cx32' });
});

test('a token that may not see what there is asks for words instead', async () => {
  const terminal = openTerminal(
    ['server', 'create', 'web-3', '--no-wait'],
    on(executable.sandbox.mint(['server:create'])),
    executable.directory,
  );
  await terminal.shows('? Cloud provider, such as hetzner:');
  terminal.type(`hetzner${keys.enter}`);
  const { code } = await terminal.ended;
  expect(code).toBe(0);
  expect(executable.sandbox.state.servers.at(-1)).toMatchObject({ provider: 'hetzner' });
});

test('a secret is asked for behind a mask, and is in no command line', async () => {
  const terminal = openTerminal(
    ['credential', 'create', 'Spare', '--provider', 'hetzner'],
    on(executable.sandbox.token),
    executable.directory,
  );
  await terminal.shows("? The provider's API token");
  terminal.type(`hunter2${keys.enter}`);
  const { text, code } = await terminal.ended;
  expect(text).toContain('dnx credential create Spare --provider hetzner --token -');
  expect(text).not.toContain('hunter2');
  expect(code).toBe(0);
});

test('Ctrl-C at a question orders nothing', async () => {
  const terminal = openTerminal(['server', 'create', 'web-3'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('? Cloud provider:');
  await terminal.shows('navigate');
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
  expect(orders()).toEqual([]);
});

test.each([
  ['what is typed is not the name', 'web-2', 2],
  ['what is typed is the name', 'web-1', 0],
])('deleting a server: %s', async (_, typed, code) => {
  const terminal = openTerminal(['server', 'delete', 'web-1'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('! Delete server web-1. The machine and everything on it will be gone.');
  await terminal.shows("? Type 'web-1' to continue:");
  terminal.type(`${typed}${keys.enter}`);
  expect((await terminal.ended).code).toBe(code);
  expect(executable.sandbox.calls.some(({ method }) => method === 'DELETE')).toBe(code === 0);
});

test.each([
  ['n', 1, 0],
  ['y', 0, 1],
])('an import into Deploynix asks what it would overwrite: %s', async (typed, code, imports) => {
  const terminal = openTerminal(['env', 'import', '--site', 'shop.example.com'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('! Variables of the same name at Deploynix are overwritten.');
  await terminal.shows('on site shop.example.com on server web-1? (y/N)');
  terminal.type(`${typed}${keys.enter}`);
  expect((await terminal.ended).code).toBe(code);
  expect(orders()).toHaveLength(imports);
});
