import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

const on = (token: string) => ({ DNX_HOST: executable.sandbox.url, DNX_TOKEN: token });
const orders = () => executable.sandbox.calls.filter(({ method }) => method === 'POST');

/** Runs a command line on a terminal. */
const open = (line: string, token = executable.sandbox.token) => openTerminal(line.split(' '), on(token), executable.directory);

/** Answers questions in order: waits for each of the texts, then presses the keys. */
async function answer(terminal: Terminal, ...questions: readonly (readonly [...texts: string[], typed: string])[]) {
  for (const question of questions) {
    for (const text of question.slice(0, -1)) await terminal.shows(text);
    terminal.type(question.at(-1) ?? '');
  }
}

const { enter, down } = keys;
const server = () => executable.sandbox.state.servers.at(-1);
const site = () => executable.sandbox.state.sites.at(-1);

test('server create asks for everything, shows what it costs, and asks before it orders', async () => {
  const terminal = open('server create --no-wait');
  await answer(
    terminal,
    ['? Server name:', `web-3${enter}`],
    ['? Cloud provider:', 'navigate', down + enter],
    ['✔ Cloud provider: Hetzner', '? Credential:', '❯ Hetzner production', 'navigate', enter],
    ['? Region:', 'Nuremberg (nbg1)', 'navigate', down + enter],
    ['? Size:', '❯ cx22 (2 vCPU, 4 GB, €3.79/mo)', 'cx32 (4 vCPU, 8 GB, €6.80/mo)', 'navigate', down + enter],
    ['? Image:', '❯ Ubuntu 24.04 LTS (ubuntu-24.04)', 'Let Deploynix decide', 'navigate', enter],
    ['? Server type:', 'type to filter', '❯ Let Deploynix decide', 'load_balancer', enter],
    ['? PHP version:', '❯ Let Deploynix decide', 'Other…', 'navigate', down + enter],
    ['? Database:', '❯ Let Deploynix decide', 'navigate', enter],
    ['Size            cx32 (4 vCPU, 8 GB, €6.80/mo)', '? Create this server? (y/N)', `y${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).toContain(
    'The same without questions: dnx server create web-3 --no-wait --provider hetzner --credential-id 01JQ8Z4T9G00000000CRED0001 --region nbg1 --size cx32 --image ubuntu-24.04 --php-version 8.0 --no-input',
  );
  expect(text, 'credentials of another provider are not offered').not.toMatch(/❯ Hetzner production[^?]*DigitalOcean/);
  expect(code).toBe(0);
  expect(server()).toMatchObject({ name: 'web-3', provider: 'hetzner', region: 'nbg1', size: 'cx32', php_version: '8.0' });
});

test('the summary has the price of a size that was given as an option', async () => {
  const terminal = open('server create cache-1 --provider hetzner --credential-id 1 --region fsn1 --size cx42 --type cache --no-wait');
  await answer(terminal, ['? Image:', 'navigate', enter], ['cx42 (8 vCPU, 16 GB, €16.40/mo)', '? Create this server? (y/N)', `n${enter}`]);
  const { text, code } = await terminal.ended;
  expect(text, 'a cache needs neither').not.toMatch(/\? (PHP version|Database):/);
  expect(text).toContain('Cancelled; nothing was changed.');
  expect(code).toBe(1);
  expect(orders()).toEqual([]);
});

test.each([
  ['enter', enter, 1],
  ['Ctrl-C', keys.interrupt, 130],
])('%s at the last question orders nothing', async (_, typed, code) => {
  const terminal = open('server create web-3 --provider hetzner --type load_balancer');
  await answer(
    terminal,
    ['? Credential:', 'navigate', enter],
    ['? Region:', 'navigate', enter],
    ['? Size:', 'navigate', enter],
    ['? Image:', 'navigate', enter],
    ['? Create this server? (y/N)', typed],
  );
  expect((await terminal.ended).code).toBe(code);
  expect(orders()).toEqual([]);
});

test('a complete command line is not questioned on a terminal', async () => {
  const { state } = executable.sandbox;
  const line = `server create web-3 --provider hetzner --credential-id ${state.credentials[0]?.id} --region fsn1 --size cx32 --image ubuntu-24.04`;
  const terminal = open(`${line} --type app --php-version 8.4 --database-type mysql --no-wait`);
  const { text, code } = await terminal.ended;
  expect(text).not.toContain('?');
  expect([code, server()]).toMatchObject([0, { name: 'web-3' }]);
});

test('a machine of your own is asked for its address', async () => {
  const terminal = open('server create own-1 --provider custom --type worker --php-version 8.4 --no-wait');
  await answer(terminal, ['? IP address of your own machine', `198.51.100.7${enter}`], ['? Create this server? (y/N)', `y${enter}`]);
  expect((await terminal.ended).code).toBe(0);
  expect(server()).toMatchObject({ name: 'own-1', ip_address: '198.51.100.7' });
});

test('a token that may not list providers types the words instead', async () => {
  const terminal = open('server create web-3 --type load_balancer --no-wait', executable.sandbox.mint(['server:create']));
  await answer(terminal, ['? Cloud provider, such as hetzner:', `hetzner${enter}`], ['? Create this server? (y/N)', `y${enter}`]);
  expect((await terminal.ended).code).toBe(0);
  expect(server()).toMatchObject({ provider: 'hetzner' });
});

test('site create asks for the rest, suggests what suits the type, and says how to deploy', async () => {
  const terminal = open('site create --server web-1');
  await answer(
    terminal,
    ['? Domain:', `new.example.com${enter}`],
    ['? Site type:', '❯ Let Deploynix decide', 'navigate', down + enter],
    ['✔ Site type: laravel', '? Git repository:', '❯ No repository', 'navigate', down + enter],
    ['? Branch to deploy:', '❯ main', 'Other…', 'navigate', enter],
    ['? Web directory:', '❯ /public', 'Let Deploynix decide', 'navigate', enter],
    ['? PHP version:', '❯ Let Deploynix decide', 'Other…', 'navigate', keys.up + enter],
    ['? PHP version:', `8.4${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).toContain('✓ Created site new.example.com');
  expect(text).toContain('Next: dnx deploy new.example.com');
  expect(text).toMatch(
    /The same without questions: dnx site create new.example.com --server web-1 --type laravel --git-repository-id \w+ --branch main/,
  );
  expect(code).toBe(0);
  expect(site()).toMatchObject({
    domain: 'new.example.com',
    type: 'laravel',
    branch: 'main',
    web_directory: '/public',
    php_version: '8.4',
  });
});

test('site create picks the server that was not given', async () => {
  const terminal = open('site create manual.example.com --type static --web-directory /');
  await answer(terminal, ['web-1', down + enter], ['? Git repository:', '❯ No repository', 'navigate', enter]);
  const { text, code } = await terminal.ended;
  expect(text).toMatch(/The same without questions: dnx site create manual.example.com .*--server web-2.* --no-input/);
  expect([code, site()]).toMatchObject([0, { domain: 'manual.example.com' }]);
});

test('a static site without a repository is asked for neither branch nor PHP version', async () => {
  const terminal = open('site create docs.example.com --server web-1 --type static');
  await answer(terminal, ['? Git repository:', '❯ No repository', 'navigate', enter], ['? Web directory:', '❯ /', 'navigate', enter]);
  const { text, code } = await terminal.ended;
  expect(text).not.toMatch(/\? (Branch to deploy|PHP version):/);
  expect([code, site()]).toMatchObject([0, { domain: 'docs.example.com', type: 'static', web_directory: '/' }]);
});

test('a secret is masked, and is in no command line', async () => {
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

test('Ctrl-C at the first question orders nothing', async () => {
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
  await terminal.shows('! Delete server web-1. The machine, its sites and its data will be lost.');
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
  await terminal.shows('! This overwrites variables of the same name at Deploynix.');
  await terminal.shows('on shop.example.com (web-1)? (y/N)');
  terminal.type(`${typed}${keys.enter}`);
  expect((await terminal.ended).code).toBe(code);
  expect(orders()).toHaveLength(imports);
});
