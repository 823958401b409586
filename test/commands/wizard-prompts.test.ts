import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type Run } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { inOrder, keys } from '../support/terminal.ts';

const { enter, down, up, eraseLine, interrupt } = keys;

const bed = perTest(openBed);

/** What a prompt shows, in this order, and the keys that answer it. */
type Prompt = readonly [...texts: (string | RegExp)[], typed: string];

/** Runs a command line, answers its prompts, and checks what they show. */
async function answered(line: string, prompts: readonly Prompt[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const typed = prompts.map((prompt) => prompt.at(-1)).join('');
  const run = await bed.dnx(line, { keys: typed, columns: 120, env: { NO_COLOR: '1', ...env } });
  const stderr = stripVTControlCharacters(run.stderr);
  inOrder(stderr, ...prompts.flatMap((prompt) => prompt.slice(0, -1)));
  return { ...run, stderr };
}

const orders = ({ calls }: Run) => calls.filter((call) => call.startsWith('POST '));
const server = () => bed.sandbox.state.servers.at(-1);
const site = () => bed.sandbox.state.sites.at(-1);

test('server create shows the price of a size given as an option', async () => {
  const line = 'server create cache-1 --provider hetzner --credential-id 1 --region fsn1 --size cx42 --type cache --no-wait';
  const run = await answered(line, [
    ['? Image:', 'navigate', enter],
    ['cx42 (8 vCPU, 16 GB, €16.40/mo)', '? Create this server? (y/N)', `n${enter}`],
  ]);
  expect(run.stderr, 'a cache needs neither').not.toMatch(/\? (PHP version|Database type):/);
  expect(run.stderr).toContain('Cancelled; nothing was changed.');
  expect([run.code, orders(run)]).toEqual([1, []]);
});

test.each([
  ['Enter', enter, 1],
  ['Ctrl-C', interrupt, 130],
])('server create orders nothing after %s at the confirmation', async (_, typed, code) => {
  const run = await answered('server create web-3 --provider hetzner --type load_balancer', [
    ['? Credential:', 'navigate', enter],
    ['? Region:', 'navigate', enter],
    ['? Size:', 'navigate', enter],
    ['? Image:', 'navigate', enter],
    ['? Create this server? (y/N)', typed],
  ]);
  expect([run.code, orders(run)]).toEqual([code, []]);
});

test('server create orders nothing after Ctrl-C at the first prompt', async () => {
  const run = await answered('server create web-3', [['? Cloud provider:', 'navigate', interrupt]]);
  expect([run.code, orders(run)]).toEqual([130, []]);
});

test('server create asks nothing if the command line is complete', async () => {
  const credential = bed.sandbox.state.credentials[0]?.id;
  const line = `server create web-3 --provider hetzner --credential-id ${credential} --region fsn1 --size cx32 --image ubuntu-24.04`;
  const run = await answered(`${line} --type app --php-version 8.4 --database-type mysql --no-wait`, []);
  expect(run.stderr).not.toContain('?');
  expect([run.code, server()]).toMatchObject([0, { name: 'web-3' }]);
});

test('server create prompts for the IP address of a custom machine', async () => {
  const run = await answered('server create own-1 --provider custom --type worker --php-version 8.4 --no-wait', [
    ['? IP address of your own server', `198.51.100.7${enter}`],
    ['? Create this server? (y/N)', `y${enter}`],
  ]);
  expect([run.code, server()]).toMatchObject([0, { name: 'own-1', ip_address: '198.51.100.7' }]);
});

test('server create takes typed values if the token cannot list providers', async () => {
  const run = await answered(
    'server create web-3 --type load_balancer --no-wait',
    [
      ['? Cloud provider, such as hetzner:', `hetzner${enter}`],
      ['? Create this server? (y/N)', `y${enter}`],
    ],
    { DNX_TOKEN: bed.sandbox.mint(['server:create']) },
  );
  expect([run.code, server()]).toMatchObject([0, { provider: 'hetzner' }]);
});

test('site create prompts for the rest, suggests values for the type and says how to deploy', async () => {
  const run = await answered('site create --server web-1 --no-wait', [
    ['? Domain:', `https://new.example.com/${enter}`],
    ['Use a domain alone, as in shop.example.com.', `${eraseLine}new.example.com${enter}`],
    ['? Site type:', '❯ Let Deploynix decide', 'navigate', down + enter],
    ['✓ Site type: laravel', '? Git repository:', '❯ No repository', 'navigate', down + enter],
    ['? Branch to deploy:', '❯ main', 'Other…', 'navigate', enter],
    ['? Web directory:', '❯ /public', 'Let Deploynix decide', 'navigate', enter],
    ['? PHP version:', '❯ Let Deploynix decide', /8\.4[\s\S]*?8\.3[\s\S]*?Other…/, 'navigate', up + enter],
    ['✓ PHP version: Other…', '? PHP version:', `8.4${enter}`],
    [/Server +web-1/, /Domain +new\.example\.com/, '? Create this site? (y/N)', `y${enter}`],
  ]);
  expect(run.stdout).toContain('Creating site new.example.com');
  expect(run.stderr).toContain('Next: dnx deploy new.example.com');
  expect(run.stderr).toMatch(
    /Without prompts:\n {2}dnx site create new.example.com --server web-1 --no-wait --type laravel --git-repository-id \w+ --branch main/,
  );
  expect(run).toExit(0);
  expect(site()).toMatchObject({
    domain: 'new.example.com',
    type: 'laravel',
    branch: 'main',
    web_directory: '/public',
    php_version: '8.4',
  });
});

test('site create prompts for a missing server', async () => {
  const run = await answered('site create manual.example.com --type static --web-directory / --no-wait', [
    ['web-1', down + enter],
    ['? Git repository:', '❯ No repository', 'navigate', enter],
    [/Server +web-2/, '? Create this site? (y/N)', `y${enter}`],
  ]);
  expect(run.stderr).toMatch(/Without prompts:\s+dnx site create manual.example.com .*--server web-2.* --no-input/);
  expect([run.code, site()]).toMatchObject([0, { domain: 'manual.example.com' }]);
});

test('site create prompts for neither branch nor PHP version of a static site without a repository', async () => {
  const run = await answered('site create docs.example.com --server web-1 --type static --no-wait', [
    ['? Git repository:', '❯ No repository', 'navigate', enter],
    ['? Web directory:', '❯ /', 'navigate', enter],
    ['? Create this site?', `y${enter}`],
  ]);
  expect(run.stderr).not.toMatch(/\? (Branch to deploy|PHP version):/);
  expect([run.code, site()]).toMatchObject([0, { domain: 'docs.example.com', type: 'static', web_directory: '/' }]);
});

test.each([
  ['nothing if another name is typed', 'web-2', 2],
  ['the server if its name is typed', 'web-1', 0],
])('server delete deletes %s', async (_, typed, code) => {
  const run = await answered('server delete web-1', [
    [
      `! Delete server web-1 (id ${seeded.servers['web-1']}). The machine, its sites and its data will be lost.`,
      'sites      3: shop',
      "? Type 'web-1' to continue:",
      `${typed}${enter}`,
    ],
  ]);
  expect([run.code, run.calls.some((call) => call.startsWith('DELETE '))]).toEqual([code, code === 0]);
});

test.each([
  ['n', 1, 0],
  ['y', 0, 1],
])('env import says what it overwrites and respects the answer %s', async (typed, code, imports) => {
  const run = await answered('env import --site shop.example.com', [
    ['! This overwrites variables with the same name in Deploynix.', 'on shop.example.com (web-1)? (y/N)', `${typed}${enter}`],
  ]);
  expect([run.code, orders(run).length]).toEqual([code, imports]);
});
