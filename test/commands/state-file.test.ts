import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const path = () => join(bed.directory, 'deploynix.yml');
const write = (text: string) => writeFileSync(path(), text);
const site = 'sites:\n  shop.example.com: { branch: main }\n';

describe('a state file from a repository', () => {
  test.each([
    ['sites:\n  shop.example.com: { branhc: main }\n', "deploynix.yml:2:23: 'branhc' is not a key of a site. Did you mean 'branch'?"],
    ['['.repeat(70), 'deploynix.yml:1:1: This is nested more than 8 levels deep.'],
    ['sites: !!js/function x\n', 'deploynix.yml:1:22: A state file has no tags (tag:yaml.org,2002:js/function).'],
  ])('%j is an error before anything is sent', async (text, message) => {
    write(text);
    for (const line of ['apply', 'apply --yes', 'drift']) {
      const run = await bed.dnx(line);
      expect(run).toExit(2, { calls: [] });
      expect(run.stderr).toContain(`Error: ${message}`);
    }
  });

  test.each(['"\\e]0;title\\a": {}', 'shop.example.com: { "\\e]0;title\\a": 1 }', 'shop.example.com: { branch: "\\e]0;title\\a" }'])(
    'cannot send control sequences to the terminal: %s',
    async (text) => {
      write(`sites: { ${text} }`);
      for (const line of ['drift', 'apply --dry-run', 'apply --dry-run --create']) {
        const run = await bed.dnx(line, { env: { NO_COLOR: '1' } });
        // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is what this is for
        expect(run.stdout + run.stderr, line).not.toMatch(/\u001b\]|\u0007/);
      }
    },
  );

  test.each(['{ a: { renamed_from: web-1 }, b: { renamed_from: web-1 } }', '{ a: { renamed_from: web-1 }, web-1: {} }'])(
    'cannot make a server out of a name that is there already: %s',
    async (servers) => {
      write(`servers: ${servers}`);
      const run = await bed.dnx('apply --yes --create');
      expect(run).toExit(2, { calls: [] });
      expect(run.stderr).toContain('What this server was renamed from is also in line 1.');
    },
  );

  test('cannot write a line of its own into an error', async () => {
    write('servers: { "web\\nError: web\u202e": {} }');
    const run = await bed.dnx('drift');
    expect(run).toExit(6);
    expect(run.stderr).toContain("Server 'web\\nError: web\\u{202e}' not found.");
  });

  test('is read in a moment, however many fields an entry has', async () => {
    const fields = Array.from({ length: 60_000 }, (_, at) => `f${at}: a`).join(', ');
    write(`${site.replace(/ }\n/, '')}, fields: { ${fields}, last: [] } }`);
    const run = await bed.dnx('drift');
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr).toContain('last must be a value, and is a list.');
  }, 60_000);

  test('is read up to 1 MB', async () => {
    write(`${site}#${'x'.repeat(1_100_000)}`);
    await expect(bed.dnx('drift')).toExit(2, { calls: [], stderr: `Error: ${path()} is larger than 1 MB.\n  Fix or remove it.\n` });
  });

  test('cannot fill the screen with a key, or print its values', async () => {
    write(`sites:\n  shop.example.com:\n    ${'y'.repeat(500_000)}: hunter2hunter2\n`);
    const run = await bed.dnx('drift');
    expect(run).toExit(2, { calls: [] });
    expect((run.stdout + run.stderr).length).toBeLessThan(5_000);
    expect(run.stderr).not.toContain('hunter2');
  });

  test('cannot lead out of the project by a link', async () => {
    const outside = join(bed.directory, 'outside.yml');
    writeFileSync(outside, site);
    const project = join(bed.directory, 'project');
    mkdirSync(join(project, '.git'), { recursive: true });
    symlinkSync(outside, join(project, 'deploynix.yml'));
    const run = await bed.dnx('drift', { cwd: project });
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr).toContain('deploynix.yml is a link to');
  });

  test.skipIf(process.platform === 'win32')('is not found if others can write to it, but may be named', async () => {
    write(site);
    chmodSync(path(), 0o666);
    const run = await bed.dnx('drift');
    expect(run).toExit(2, { calls: [] });
    expect(run.stderr).toContain('Others can write to');
    await expect(bed.dnx('drift deploynix.yml')).toExit(0);
  });
});

test('a custom certificate without its private key must exist', async () => {
  write('sites: { shop.example.com: { certificates: [{ domain: other.example.com, type: custom }] } }');
  const run = await bed.dnx('apply --yes');
  expect(run).toExit(10);
  expect(run.calls.filter((call) => !call.startsWith('GET '))).toEqual([]);
  expect(run.stderr).toMatch(/certificate other\.example\.com .*missing, and its private key is not in deploynix\.yml:1:/i);
});

test('an SSH key without its key must exist', async () => {
  write('servers: { web-1: { ssh_keys: { nobody: } } }');
  const run = await bed.dnx('apply --yes');
  expect(run).toExit(10);
  expect(run.calls.filter((call) => !call.startsWith('GET '))).toEqual([]);
  expect(run.stderr).toContain('SSH key nobody on server web-1  missing, and its public key is not in deploynix.yml:1:33');
});

test('is found above the working directory, up to the root of the repository', async () => {
  write(site);
  const [inside, repository] = [join(bed.directory, 'app/Models'), join(bed.directory, 'vendor/other')];
  mkdirSync(inside, { recursive: true });
  mkdirSync(join(repository, '.git'), { recursive: true });
  await expect(bed.dnx('drift', { cwd: inside })).toExit(0);
  await expect(bed.dnx('drift', { cwd: repository })).toExit(2, { calls: [] });
});
