import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Executable, openExecutable } from '../support/executable.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';
import { leading } from '../support/volume.ts';

let executable: Executable;
beforeEach(async () => {
  executable = await openExecutable();
});
afterEach(() => executable.close());

const on = (token: string) => ({ DNX_HOST: executable.sandbox.url, DNX_TOKEN: token });
const orders = () => executable.sandbox.calls.filter(({ method }) => method === 'POST');

/** Runs a command line on a terminal. */
const open = (line: string, token = executable.sandbox.token) => openTerminal(line.split(' '), on(token), executable.directory);

/** Waits for the texts of each prompt in order, then presses its keys. */
async function answer(terminal: Terminal, ...questions: readonly (readonly [...texts: (string | RegExp)[], typed: string])[]) {
  for (const question of questions) {
    for (const text of question.slice(0, -1)) await terminal.shows(text);
    terminal.type(String(question.at(-1)));
  }
}

const { enter, down } = keys;
const server = () => executable.sandbox.state.servers.at(-1);
const site = () => executable.sandbox.state.sites.at(-1);

test('server create prompts for every field, shows the price and asks for confirmation', async () => {
  const terminal = open('server create --no-wait');
  await answer(
    terminal,
    ['? Server name:', `web-3${enter}`],
    ['? Cloud provider:', 'navigate', down + enter],
    ['✓ Cloud provider: Hetzner', '? Credential:', '❯ Hetzner production', 'navigate', enter],
    ['? Region:', 'Nuremberg (nbg1)', 'navigate', down + enter],
    ['? Size:', '❯ cx22 (2 vCPU, 4 GB, €3.79/mo)', 'cx32 (4 vCPU, 8 GB, €6.80/mo)', 'navigate', down + enter],
    ['? Image:', '❯ Ubuntu 24.04 LTS (ubuntu-24.04)', 'Let Deploynix decide', 'navigate', enter],
    ['? Server type:', 'type to filter', '❯ Let Deploynix decide', /app +web server, PHP and database/, 'load_balancer', enter],
    ['? PHP version:', '❯ Let Deploynix decide', 'Other…', 'navigate', down + enter],
    ['? Database type:', '❯ Let Deploynix decide', 'navigate', enter],
    ['Size            cx32 (4 vCPU, 8 GB, €6.80/mo)', '? Create this server? (y/N)', `y${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).toContain(
    'Without prompts:\r\n  dnx server create web-3 --no-wait --provider hetzner --credential-id 01JQ8Z4T9G00000000CRED0001 --region nbg1 --size cx32 --image ubuntu-24.04 --php-version 8.4 --no-input',
  );
  expect(text, 'credentials of another provider are not offered').not.toMatch(/❯ Hetzner production[^?]*DigitalOcean/);
  expect(code).toBe(0);
  expect(server()).toMatchObject({ name: 'web-3', provider: 'hetzner', region: 'nbg1', size: 'cx32', php_version: '8.4' });
});

test('server create shows the price of a size given as an option', async () => {
  const terminal = open('server create cache-1 --provider hetzner --credential-id 1 --region fsn1 --size cx42 --type cache --no-wait');
  await answer(terminal, ['? Image:', 'navigate', enter], ['cx42 (8 vCPU, 16 GB, €16.40/mo)', '? Create this server? (y/N)', `n${enter}`]);
  const { text, code } = await terminal.ended;
  expect(text, 'a cache needs neither').not.toMatch(/\? (PHP version|Database type):/);
  expect(text).toContain('Cancelled; nothing was changed.');
  expect(code).toBe(1);
  expect(orders()).toEqual([]);
});

test.each([
  ['Enter', enter, 1],
  ['Ctrl-C', keys.interrupt, 130],
])('server create orders nothing after %s at the confirmation', async (_, typed, code) => {
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

test('server create asks nothing if the command line is complete', async () => {
  const { state } = executable.sandbox;
  const line = `server create web-3 --provider hetzner --credential-id ${state.credentials[0]?.id} --region fsn1 --size cx32 --image ubuntu-24.04`;
  const terminal = open(`${line} --type app --php-version 8.4 --database-type mysql --no-wait`);
  const { text, code } = await terminal.ended;
  expect(text).not.toContain('?');
  expect([code, server()]).toMatchObject([0, { name: 'web-3' }]);
});

test('server create prompts for the IP address of a custom machine', async () => {
  const terminal = open('server create own-1 --provider custom --type worker --php-version 8.4 --no-wait');
  await answer(terminal, ['? IP address of your own server', `198.51.100.7${enter}`], ['? Create this server? (y/N)', `y${enter}`]);
  expect((await terminal.ended).code).toBe(0);
  expect(server()).toMatchObject({ name: 'own-1', ip_address: '198.51.100.7' });
});

test('server create takes typed values if the token cannot list providers', async () => {
  const terminal = open('server create web-3 --type load_balancer --no-wait', executable.sandbox.mint(['server:create']));
  await answer(terminal, ['? Cloud provider, such as hetzner:', `hetzner${enter}`], ['? Create this server? (y/N)', `y${enter}`]);
  expect((await terminal.ended).code).toBe(0);
  expect(server()).toMatchObject({ provider: 'hetzner' });
});

test('site create prompts for the rest, suggests values for the type and says how to deploy', async () => {
  const terminal = open('site create --server web-1 --no-wait');
  await answer(
    terminal,
    ['? Domain:', `https://new.example.com/${enter}`],
    ['Use a domain alone, as in shop.example.com.', `${keys.eraseLine}new.example.com${enter}`],
    ['? Site type:', '❯ Let Deploynix decide', 'navigate', down + enter],
    ['✓ Site type: laravel', '? Git repository:', '❯ No repository', 'navigate', down + enter],
    ['? Branch to deploy:', '❯ main', 'Other…', 'navigate', enter],
    ['? Web directory:', '❯ /public', 'Let Deploynix decide', 'navigate', enter],
    ['? PHP version:', '❯ Let Deploynix decide', /8\.4[\s\S]*8\.3[\s\S]*Other…/, 'navigate', keys.up + enter],
    ['✓ PHP version: Other…', '? PHP version:', `8.4${enter}`],
    [/Server +web-1/, /Domain +new\.example\.com/, '? Create this site? (y/N)', `y${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).toContain('Creating site new.example.com');
  expect(text).toContain('Next: dnx deploy new.example.com');
  expect(text).toMatch(
    /Without prompts:\r\n {2}dnx site create new.example.com --server web-1 --no-wait --type laravel --git-repository-id \w+ --branch main/,
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

test('site create prompts for a missing server', async () => {
  const terminal = open('site create manual.example.com --type static --web-directory / --no-wait');
  await answer(
    terminal,
    ['web-1', down + enter],
    ['? Git repository:', '❯ No repository', 'navigate', enter],
    [/Server +web-2/, '? Create this site? (y/N)', `y${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).toMatch(/Without prompts:\s+dnx site create manual.example.com .*--server web-2.* --no-input/);
  expect([code, site()]).toMatchObject([0, { domain: 'manual.example.com' }]);
});

test('site create prompts for neither branch nor PHP version of a static site without a repository', async () => {
  const terminal = open('site create docs.example.com --server web-1 --type static --no-wait');
  await answer(
    terminal,
    ['? Git repository:', '❯ No repository', 'navigate', enter],
    ['? Web directory:', '❯ /', 'navigate', enter],
    ['? Create this site?', `y${enter}`],
  );
  const { text, code } = await terminal.ended;
  expect(text).not.toMatch(/\? (Branch to deploy|PHP version):/);
  expect([code, site()]).toMatchObject([0, { domain: 'docs.example.com', type: 'static', web_directory: '/' }]);
});

test('credential create masks a secret and omits it from the suggested command line', async () => {
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

test('server create orders nothing after Ctrl-C at the first prompt', async () => {
  const terminal = openTerminal(['server', 'create', 'web-3'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('? Cloud provider:');
  await terminal.shows('navigate');
  terminal.type(keys.interrupt);
  expect((await terminal.ended).code).toBe(130);
  expect(orders()).toEqual([]);
});

test.each([
  ['nothing if another name is typed', 'web-2', 2],
  ['the server if its name is typed', 'web-1', 0],
])('server delete deletes %s', async (_, typed, code) => {
  const terminal = openTerminal(['server', 'delete', 'web-1'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('! Delete server web-1. The machine, its sites and its data will be lost.');
  await terminal.shows("? Type 'web-1' to continue:");
  terminal.type(`${typed}${keys.enter}`);
  expect((await terminal.ended).code).toBe(code);
  expect(executable.sandbox.calls.some(({ method }) => method === 'DELETE')).toBe(code === 0);
});

test.each(
  leading(
    [
      ['n', 1, 0],
      ['y', 0, 1],
    ],
    1,
  ),
)('env import says what it overwrites and respects the answer %s', async (typed, code, imports) => {
  const terminal = openTerminal(['env', 'import', '--site', 'shop.example.com'], on(executable.sandbox.token), executable.directory);
  await terminal.shows('! This overwrites variables with the same name in Deploynix.');
  await terminal.shows('on shop.example.com (web-1)? (y/N)');
  terminal.type(`${typed}${keys.enter}`);
  expect((await terminal.ended).code).toBe(code);
  expect(orders()).toHaveLength(imports);
});
