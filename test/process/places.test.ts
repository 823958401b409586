import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openExecutable } from '../support/executable.ts';
import { perSuite } from '../support/fixtures.ts';
import { leading, sampled } from '../support/volume.ts';

const executable = perSuite(() => openExecutable({ rateLimit: 0 }));

/** Runs a command, which must neither hang nor crash. */
async function ended(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  // High enough never to wait, but counted.
  const child = executable.dnx(args, { env: { DNX_RATE_LIMIT: '1000', ...env } });
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const run = await child;
  clearTimeout(limit);
  expect(run.stderr).not.toMatch(/looks like a bug|\n {4}at /);
  return run;
}

const site = [seeded.sites['shop.example.com'], '--server', seeded.servers['web-1']];

/** A command that asks the API, and one that saves something. */
const usual: readonly (readonly [words: readonly string[], code: number])[] = [
  [['deploy', ...site, '--no-wait'], 0],
  [['config', 'set', 'server', 'web-1'], 1],
];
const all = [
  ...usual,
  [['server', 'list', '-o', 'ids'], 0],
  [['site', 'show', 'shop.example.com', '-o', 'ids'], 0],
  [['config', 'list'], 0],
  [['sandbox', 'run', '--', 'true'], 0],
  [['completion', 'install', 'bash'], 1],
] as const;

describe.each([
  ['cannot be created', '/proc/nowhere', all],
  ['is below a file', '/proc/version/home', usual],
  ['is a device', '/dev/null', usual],
])('a home directory that %s', (_, home, commands) => {
  test.each(sampled(commands, 1, home.length))('%j exits %i', async (args, code) => {
    const run = await ended(args, { HOME: home });
    expect(run).toExit(code);
    if (code > 0) expect(run.stderr).toMatch(/Error: Could not (save|write|restrict) /);
  });
});

describe('a FIFO instead of', () => {
  const home = (name: string) => {
    const directory = join(executable.directory, name);
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  };
  const fifoAt = (file: string) => {
    mkdirSync(dirname(file), { recursive: true });
    execFileSync('mkfifo', [file]);
  };

  test.each(
    sampled(
      [
        ['the rate limit', '.local/state/dnx/budget.json', ['server', 'list', '-o', 'ids'], 0],
        ['the log of requests', '.local/state/dnx/budget', ['server', 'list', '-o', 'ids'], 0],
        ['the lock of the rate limit', '.local/state/dnx/budget.json.lock', ['server', 'list', '-o', 'ids'], 0],
        ['the index', '.cache/dnx/names.json', ['site', 'show', 'shop.example.com', '-o', 'ids'], 0],
        ['the lock of the index', '.cache/dnx/names.json.lock', ['site', 'show', 'shop.example.com', '-o', 'ids'], 0],
        ['the cache directory', '.cache/dnx', ['site', 'show', 'shop.example.com', '-o', 'ids'], 0],
        ['a run file', '.local/state/dnx/runs/20260416T120000000Z-x.json', ['deploy', ...site, '--no-wait'], 0],
        ['the directory of run files', '.local/state/dnx/runs', ['deploy', ...site, '--no-wait'], 0],
        ['the settings', '.config/dnx/config.json', ['server', 'list', '-o', 'ids'], 0],
        ['the settings, which config set repairs', '.config/dnx/config.json', ['config', 'set', 'server', 'web-1'], 0],
        ['the lock of the settings', '.config/dnx/config.json.lock', ['config', 'set', 'server', 'web-1'], 2],
        ['the tokens', '.config/dnx/tokens.json', ['server', 'list', '-o', 'ids'], 0],
        ['the completion', '.local/share/bash-completion/completions/dnx', ['completion', 'install', 'bash'], 2],
      ],
      3,
      64,
    ),
  )(
    '%s does not stop commands that can run without it',
    async (name, path, args, code) => {
      const own = home(name);
      fifoAt(join(own, path));
      const run = await ended(args, { HOME: own });
      expect(run).toExit(code);
      if (code > 0) expect(run.stderr).toContain('Error: ');
    },
    30_000,
  );
});

describe('a relative directory of XDG is ignored', () => {
  const project = () => {
    const directory = mkdtempSync(join(executable.directory, 'project-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  };

  test.each(leading(['.config', '~/.config'], 1))('so that no project chooses the host: XDG_CONFIG_HOME=%s', async (xdg) => {
    const directory = project();
    for (const path of ['.config', '~/.config']) {
      mkdirSync(join(directory, path, 'dnx'), { recursive: true });
      writeFileSync(join(directory, path, 'dnx/config.json'), '{"profiles":{"default":{"host":"https://hostile.example"}}}');
    }
    const run = await executable.shell(`cd "${directory}"; dnx config get host`, { env: { DNX_HOST: '', XDG_CONFIG_HOME: xdg } });
    expect([run.exitCode, run.stdout, run.stderr]).toEqual([0, 'https://deploynix.io\n', '']);
  });

  test('so that dnx writes nothing to a project', async () => {
    const directory = project();
    const names = ['CONFIG_HOME', 'CACHE_HOME', 'STATE_HOME', 'DATA_HOME', 'RUNTIME_DIR'];
    const env = Object.fromEntries(names.map((name) => [`XDG_${name}`, name.toLowerCase()]));
    const lines = ['site show shop.example.com -o ids', 'config set output table', 'completion install bash', 'completion install fish'];
    for (const line of [...lines, 'env edit --site shop.example.com --yes']) {
      await expect(executable.shell(`cd "${directory}"; dnx ${line}`, { env: { ...env, EDITOR: 'true' } })).toExit(0);
    }
    expect(readdirSync(directory)).toEqual([]);
  });
});

test('completion install writes through a symbolic link, as dotfile managers need', async () => {
  const home = join(executable.directory, 'dotfiles');
  const place = join(home, '.local/share/bash-completion/completions/dnx');
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(join(home, 'kept'), place);
  const run = await ended(['completion', 'install', 'bash'], { HOME: home });
  expect([run.exitCode, readFileSync(join(home, 'kept'), 'utf8')]).toEqual([0, expect.stringContaining('complete -F _dnx')]);
});
