import { expect, test } from 'vitest';
import { openExecutable } from '../support/executable.ts';
import { perTest } from '../support/fixtures.ts';
import { keys, openTerminal, type Terminal } from '../support/terminal.ts';

// How the other fields are prompted for stands in test/commands/wizard-prompts.test.ts.
const executable = perTest(openExecutable);

const on = (token: string) => ({ DNX_HOST: executable.sandbox.url, DNX_TOKEN: token });
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
