import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { version } from '../../src/base/version.ts';
import { openElsewhere, openJson } from '../support/elsewhere.ts';
import { type GitHub, openGitHub } from '../support/github.ts';
import { program, programEnv } from '../support/program.ts';
import { openProgram, openTerminal } from '../support/terminal.ts';
import { leading, sampled } from '../support/volume.ts';

const SEED = 3;
const HOUR = 3_600_000;
const NOTICE = `A new release of dnx is available: ${version} → 9.8.7`;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dnx-update-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const stateFile = () => join(directory, '.local/state/dnx/update.json');
const state = () => (existsSync(stateFile()) ? JSON.parse(readFileSync(stateFile(), 'utf8')) : {});

function remember(known: object): void {
  mkdirSync(join(directory, '.local/state/dnx'), { recursive: true });
  writeFileSync(stateFile(), JSON.stringify(known));
}

async function gitHub(answer: string | RequestListener = 'v9.8.7'): Promise<GitHub> {
  const opened = await openGitHub(answer);
  onTestFinished(() => opened.close());
  return opened;
}

/** An API whose response to `dnx whoami` waits for this. */
async function api(ready: () => boolean): Promise<string> {
  const server = await openElsewhere(async (_, response) => {
    await expect.poll(ready).toBe(true);
    response.setHeader('content-type', 'application/json');
    response.end('{"data":{"id":"1","name":"Ada","email":"ada@example.com"}}');
  });
  onTestFinished(() => server.close());
  return server.url;
}

const run = (words: readonly string[], env: Readonly<Record<string, string>>, columns = 120) =>
  openTerminal(words, { DNX_TOKEN: 'secret-token', ...env }, directory, columns).ended;

/** Runs `dnx whoami`, whose response comes once the check has ended. */
const whoami = async ({ env }: GitHub, more: Readonly<Record<string, string>> = {}) =>
  run(['whoami'], { ...env, DNX_HOST: await api(() => state().checked_at !== undefined), ...more });

describe('the notice of a new release', () => {
  test('follows the result, with how to upgrade and a link', async () => {
    const github = await gitHub();
    const { text, code } = await whoami(github);
    expect(code).toBe(0);
    expect(text).toMatch(/ada@example\.com[\s\S]*\r\n\r\nA new release of dnx is available: /);
    const command = program.length === 1 ? '\r\nTo upgrade, run: dnx upgrade' : '';
    expect(text).toContain(`${NOTICE}${command}\r\nhttps://github.com/deploynix/dnx/releases/tag/v9.8.7\r\n`);
    // Nothing tells GitHub about the user.
    const headers = { accept: 'application/vnd.github+json', 'user-agent': 'dnx', host: 'api.github.com', connection: expect.any(String) };
    expect(github.tunnels).toEqual(['api.github.com:443']);
    expect(github.requests).toMatchObject([{ url: '/repos/deploynix/dnx/releases/latest' }]);
    expect(github.requests[0]?.headers).toEqual(headers);
  });

  test('comes once a day, and so does the check', async () => {
    const github = await gitHub();
    expect((await whoami(github)).text).toContain(NOTICE);
    const later = { ...state(), begun_at: ago(1) };
    remember(later);
    expect((await whoami(github)).text).not.toContain('new release');
    expect([state(), github.requests.length]).toEqual([later, 1]);
    remember({ ...later, told_at: ago(25) });
    expect((await whoami(github)).text).toContain(NOTICE);
    expect(github.requests.length).toBe(1);
    remember({ latest: '9.8.6', checked_at: ago(25), told_at: ago(1) });
    expect((await whoami(github, { DNX_HOST: await api(() => state().latest === '9.8.7') })).text).not.toContain('new release');
    expect(github.requests.length).toBe(2);
  });

  test('is not delayed by a slow check, which is dropped, and comes with a later command', async () => {
    const github = await gitHub(() => {});
    const dropped = await run(['whoami'], { ...github.env, DNX_HOST: await api(() => github.requests.length > 0) });
    expect([dropped.code, dropped.text]).toEqual([0, expect.not.stringContaining('release')]);
    expect(state()).toEqual({ begun_at: expect.any(String) });
    const soon = await run(['config', 'list'], github.env);
    expect([soon.code, github.requests.length]).toEqual([0, 1]);
    remember({ latest: '9.8.7', checked_at: ago(1) });
    expect((await run(['config', 'list'], github.env)).text).toContain(NOTICE);
  });

  test.each(
    leading(
      [
        [['config', 'list', '--json'], {}],
        [['config', 'list', '-q'], {}],
        [['completion', 'bash'], {}],
        [['sandbox', 'run', '--', 'true'], {}],
        [['config', 'list'], { CI: 'true' }],
        [['config', 'list'], { BUILD_NUMBER: '7' }],
        [['config', 'list'], { DNX_NO_UPDATE_NOTIFIER: '1' }],
      ] as const,
      2,
    ),
  )('is not shown by dnx %j with %j', async (words, env) => {
    const github = await gitHub();
    const due = { latest: '9.8.7', checked_at: ago(25) };
    remember(due);
    expect((await run(words, { ...github.env, ...env })).text).not.toContain('new release');
    expect(state()).toEqual(due);
  });

  test('is not shown if stdout or stderr is no terminal, and nothing is asked', async () => {
    const github = await gitHub();
    const env = { ...github.env, ...programEnv };
    for (const redirect of ['> out', '2> out', '']) {
      remember({ latest: '9.8.7', checked_at: redirect ? ago(25) : ago(1) });
      const line = `"$NODE" "$DNX" config list ${redirect}; cat out`;
      const { text } = await openProgram(['sh', '-c', line], env, directory, 120).ended;
      expect(text.includes(NOTICE)).toBe(redirect === '');
    }
    expect(github.tunnels).toEqual([]);
  });

  test.each(
    leading(
      [
        ['the same version', version],
        ['an older one', '0.0.9'],
      ],
      1,
    ),
  )('is not shown for %s', async (_, latest) => {
    const github = await gitHub(`v${latest}`);
    expect((await whoami(github)).text).not.toContain('new release');
    expect(state().latest).toBe(latest);
  });

  const json =
    (body: string, status = 200): RequestListener =>
    (_, response) =>
      void response.writeHead(status).end(body);
  const answers: readonly (readonly [string, RequestListener])[] = [
    ['a pre-release', json('{"tag_name":"v9.8.7-rc.1"}')],
    ['a release that is marked as a pre-release', json('{"tag_name":"v9.8.7","prerelease":true}')],
    ['a draft', json('{"tag_name":"v9.8.7","draft":true}')],
    ['control characters', json('{"tag_name":"v9.8.7\\u001b]0;x\\u0007"}')],
    ['another type', json('{"tag_name":["v9.8.7"]}')],
    ['no object', json('null')],
    ['no JSON', json('<h1>9.8.7</h1>')],
    ['a huge body', json(`{"tag_name":"v9.8.7","body":"${'x'.repeat(2_000_000)}"}`)],
    ['a redirect', (_, response) => void response.writeHead(302, { location: 'https://example.com/' }).end('{"tag_name":"v9.8.7"}')],
    ['an error', json('{"tag_name":"v9.8.7"}', 403)],
    ['a closed connection', (request) => void request.socket.destroy()],
  ];
  test.each(sampled(answers, 1, SEED))('is not shown for %s, and the check counts', async (_, answer) => {
    const github = await gitHub(answer);
    const { code, text } = await whoami(github);
    expect([code, text]).toEqual([0, expect.not.stringMatching(/release|Could not|Error/)]);
    expect(state()).not.toHaveProperty('latest');
    expect(github.tunnels).toEqual(['api.github.com:443']);
  });

  test('a failed check is shown with --debug', async () => {
    const github = await gitHub((_, response) => void response.writeHead(500).end());
    const { code, text } = await run(['whoami', '--debug'], { ...github.env, DNX_HOST: await api(() => state().checked_at !== undefined) });
    expect([code, text]).toEqual([0, expect.stringContaining('Could not check for a new release of dnx: GitHub returned 500')]);
  });

  test('a failed command keeps its exit code and prints no notice', async () => {
    const github = await gitHub();
    remember({ latest: '9.8.7', checked_at: ago(1) });
    const { code, text } = await run(['config', 'get', 'site'], github.env);
    expect([code, text]).toEqual([6, expect.not.stringContaining('new release')]);
    const rejecting = await openJson(() => ({ message: 'Unauthenticated.' }), 401);
    onTestFinished(() => rejecting.close());
    const notified = await run(['deploy', 'shop.example.com', '--notify', 'true'], { ...github.env, DNX_HOST: rejecting.url });
    expect([notified.code, notified.text]).toEqual([4, expect.not.stringContaining('new release')]);
  });

  test('a broken state file is replaced, and one that cannot be written stops the check', async () => {
    const github = await gitHub();
    mkdirSync(join(directory, '.local/state/dnx'), { recursive: true });
    writeFileSync(stateFile(), '{"latest":7');
    expect((await whoami(github)).text).toContain(NOTICE);
    const blocked = await run(['config', 'list'], { ...github.env, DNX_STATE_DIR: '/dev/null/state' });
    expect([blocked.code, blocked.text, github.requests.length]).toEqual([0, expect.not.stringMatching(/release|Could not/), 1]);
  });

  test('fits a narrow terminal', async () => {
    const github = await gitHub();
    remember({ latest: '9.8.7', checked_at: ago(1) });
    expect((await run(['config', 'get', 'profile'], github.env, 40)).text).toContain('default\r\n\r\nA new release of dnx is available: ');
  });
});
