import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { version } from '../../package.json';
import { keys } from '../support/terminal.ts';
import { named, openWindows, reasonToSkip, type Windows } from '../support/wine.ts';

// The built dnx with node.exe. Wine is not Windows, but it has its own cmd, which reads quotes, and its own rules for files.
describe.skipIf(reasonToSkip)(`on Windows${reasonToSkip ? `: ${reasonToSkip}` : ''}`, { timeout: 60_000 }, () => {
  let windows: Windows;
  beforeAll(async () => {
    windows = await openWindows();
    // Prints its arguments, from behind a batch file as npm writes it.
    writeFileSync(join(windows.directory, 'show.js'), 'console.log(JSON.stringify(process.argv.slice(2)));');
    const script = named(join(windows.directory, 'show.js'));
    windows.program('show.cmd', `@"${windows.node}" "${script}" %*`);
    const shim = ['GOTO start', ':find_dp0', 'SET dp0=%~dp0', 'EXIT /b', ':start', 'SETLOCAL', 'CALL :find_dp0'];
    windows.program(
      'shim.cmd',
      '@ECHO off',
      ...shim,
      `SET "_prog=${windows.node}"`,
      'SET PATHEXT=%PATHEXT:;.JS;=;%',
      '',
      `endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "${script}" %*`,
    );
  }, 120_000);
  afterAll(() => windows.close());

  test('starts, prints help, and lists servers', async () => {
    await expect(windows.dnx(['--version'])).toExit(0, { stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    await expect(windows.dnx(['--help'])).toExit(0, { stdout: expect.stringContaining('Usage: dnx'), stderr: '' });
    await expect(windows.dnx(['server', 'list', '-o', 'ids'])).toExit(0, { stdout: expect.stringMatching(/^(01\w{24}\n){3}$/) });
    await expect(windows.dnx(['server', 'lsit'])).toExit(2, { stdout: '', says: 'Did you mean' });
  });

  test.each(['show', 'shim'])('passes every argument unchanged to a batch file: %s', async (program) => {
    const words = [
      'a b',
      'c"&echo pwned&"d',
      '"&calc&"',
      '%OS%',
      '%',
      '^&|<>()',
      'x\\',
      '',
      '"',
      'é',
      '!OS!',
      "it's",
      'a\\"b',
      '\\\\',
      '--x=1,2;3',
    ];
    const ran = await windows.dnx(['env', 'run', '--site', 'shop.example.com', '--all', '--', program, ...words]);
    expect([ran.code, JSON.parse(ran.stdout)]).toEqual([0, words]);
    const refused = await windows.dnx(['env', 'run', '--site', 'shop.example.com', '--all', '--', program, 'a\nb']);
    expect(refused).toExit(2, { says: 'cannot receive an argument with a line break' });
  });

  test('runs nothing from the working directory', async () => {
    writeFileSync(join(windows.directory, 'git.cmd'), '@echo stolen> stolen.txt\r\n');
    writeFileSync(join(windows.directory, 'ssh.bat'), '@echo stolen> stolen.txt\r\n');
    mkdirSync(join(windows.directory, '.git'), { recursive: true });
    const changes = await windows.dnx(['changes', '--site', 'shop.example.com']);
    expect(changes).toExit(0, { stdout: expect.stringContaining('Git is not installed') });
    await expect(windows.dnx(['ssh', 'web-1', '--', 'uptime'])).toExit(2, { says: 'Add-WindowsCapability' });
    expect(existsSync(join(windows.directory, 'stolen.txt'))).toBe(false);
  });

  test('sandbox run has a dnx for cmd and the variables of the sandbox', async () => {
    await expect(
      windows.dnx(['sandbox', 'run', '--', 'dnx', 'site', 'list', '-o', 'ids'], {
        env: { DNX_HOST: 'http://127.0.0.1:9' },
      }),
    ).toExit(0, { stdout: expect.stringMatching(/^(01\w{24}\n)+$/) });
    await expect(windows.dnx(['sandbox', 'run', '--', 'cmd', '/c', 'exit 300'])).toExit(300 % 256);
  });

  test('gives a command line to cmd as it is', async () => {
    const command = 'echo %DNX_SITE_URL% "a & b"&& exit 3';
    const ran = await windows.dnx(['deploy', 'shop.example.com', '--verify-cmd', command, '--timeout', '60s']);
    expect(ran).toExit(1, { stdout: '', says: ['\nhttps://shop.example.com "a & b"\r\n', 'exited with code 3'] });
  });

  test('edits variables with a batch file, and leaves no file', async () => {
    windows.program('edit.cmd', '@echo EDITED=1>>%1');
    const ran = await windows.dnx(['env', 'edit', '--site', 'shop.example.com', '--yes'], { env: { EDITOR: 'edit' } });
    expect(ran).toExit(0, { stdout: expect.stringContaining('added  EDITED') });
    expect((await windows.dnx(['env', 'get', 'EDITED', '--site', 'shop.example.com'])).stdout).toBe('1\n');
  });

  test('keeps several settings that are saved at the same time', async () => {
    const profiles = ['a', 'b', 'c', 'd', 'e'];
    const runs = await Promise.all(profiles.map((each) => windows.dnx(['config', 'set', 'output', 'json', '--profile', each])));
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(profiles.map(() => [0, '']));
    const config = JSON.parse(readFileSync(windows.profile('AppData/Roaming/dnx/config.json'), 'utf8'));
    expect(Object.keys(config.profiles)).toEqual(expect.arrayContaining(profiles));
    const names = windows.profile('AppData/Local/dnx/cache/names.json');
    expect(statSync(names).isFile()).toBe(true);
  });

  test('keeps compiled code in the cache, which starts dnx as before', async () => {
    const directory = windows.profile(`AppData/Local/dnx/cache/compiled/${version}`);
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(1);
    await expect(windows.dnx(['server', 'list', '-o', 'ids'])).toExit(0, { stderr: '' });
  });

  test('reads a token with the line end of Windows, and a variable in any case', async () => {
    const signedOut = { DNX_TOKEN: undefined };
    await expect(
      windows.dnx(['login', '--with-token', '--insecure-storage'], {
        env: signedOut,
        stdin: `${windows.sandbox.token}\r\n`,
      }),
    ).toExit(0, { stdout: expect.stringContaining('Signed in') });
    expect((await windows.dnx(['whoami'], { env: signedOut })).stdout).toContain('ada@example.com');
    await expect(windows.dnx(['whoami'], { env: { ...signedOut, dnx_token: 'wrong' } })).toExit(4, { says: 'DNX_TOKEN was rejected' });
    const doctor = await windows.dnx(['doctor'], { env: signedOut });
    expect(doctor.stdout).toMatch(/settings directory +✓ ok +~\\AppData\\Roaming\\dnx /);
    expect(doctor.stdout).not.toMatch(/mode \d/);
  });

  test('keeps a token in the Credential Manager', async () => {
    const env = { DNX_TOKEN: undefined, DNX_CONFIG_DIR: named(join(windows.directory, 'keychain')) };
    const created = await windows.dnx(['token', 'create', 'laptop', '--preset', 'read-only', '-o', 'text', '--query', 'token']);
    const login = await windows.dnx(['login', '--with-token'], { env, stdin: created.stdout });
    expect(login).toExit(0, { stdout: expect.stringContaining('(profile default, keychain)') });
    expect((await windows.dnx(['whoami'], { env })).stdout).toContain('ada@example.com');
    const doctor = await windows.dnx(['doctor', '--json'], { env });
    expect(JSON.parse(doctor.stdout)).toContainEqual(expect.objectContaining({ check: 'keychain', verdict: 'ok', detail: 'available' }));
    await expect(windows.dnx(['logout'], { env })).toExit(0);
    await expect(windows.dnx(['whoami'], { env })).toExit(4);
  });

  test('does not create a token for NUL', async () => {
    const line = `${windows.node} ${named(resolve('bin/dnx.js'))} token create ci --preset ci-deploy`;
    await expect(windows.cmd(`${line} > NUL`)).toExit(2, { says: 'Standard output is closed or NUL' });
    const kept = await windows.cmd(`${line} > token.txt`);
    expect([kept.code, readFileSync(join(windows.directory, 'token.txt'), 'utf8')]).toEqual([0, expect.stringMatching(/^\d+\|\w+\n$/)]);
  });

  test('finds the link file in a parent, and files by their drive', async () => {
    mkdirSync(join(windows.directory, 'a/b'), { recursive: true });
    writeFileSync(join(windows.directory, 'a/.deploynix.json'), '{"site": "shop.example.com", "server": "web-1"}');
    const line = `cd a\\b && ${windows.node} ${named(resolve('bin/dnx.js'))} env get APP_ENV`;
    await expect(windows.cmd(line)).toExit(0, { stdout: 'production\n' });
    writeFileSync(
      join(windows.directory, 'key.pub'),
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmJ0rOEDzdCkWUn2MVDn5eDlBDnqvxQkmDQVXTx8jP7 ada@laptop\r\n',
    );
    const file = named(join(windows.directory, 'key.pub'));
    await expect(windows.dnx(['ssh-key', 'create', 'laptop', '--server', 'web-1', '--public-key', `@${file}`])).toExit(0, { stderr: '' });
  });

  describe('on a terminal', () => {
    test('asks, and takes keys', async () => {
      const terminal = windows.terminal(['site', 'show']);
      await terminal.shows('Show which site?');
      await terminal.shows('docs.example.com');
      terminal.type(keys.down);
      await terminal.shows('❯ blog.example.com');
      terminal.type(keys.enter);
      await terminal.shows('https://blog.example.com');
      await terminal.shows('CODE 0');
    });

    test('Ctrl-C ends dnx with 130, and says how to resume', async () => {
      const terminal = windows.terminal(['deploy', 'shop.example.com']);
      await terminal.shows('deploying');
      terminal.type(keys.interrupt);
      await terminal.shows('Resume with: dnx watch shop.example.com --server web-1');
      await terminal.shows('CODE 130');
    });

    test('Ctrl-C is for the command of env run, whose exit code is that of dnx', async () => {
      writeFileSync(
        join(windows.directory, 'wait.js'),
        "process.on('SIGINT', () => process.exit(7)); console.log('waiting'); setInterval(() => {}, 1000);",
      );
      const terminal = windows.terminal(['env', 'run', '--site', 'shop.example.com', '--all', '--', windows.node, 'wait.js']);
      await terminal.shows('waiting');
      terminal.type(keys.interrupt);
      await terminal.shows('CODE 7');
    });
  });
});
