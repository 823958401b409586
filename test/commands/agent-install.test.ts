import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseTree } from 'jsonc-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { wordsIn } from '../../src/cli/run/invocation.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { commandsOf } from '../docs/transcript.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';

const SKILL = '.claude/skills/deploynix/SKILL.md';

let bed: Bed;
let project: string;
beforeEach(async () => {
  bed = await openBed();
  project = join(bed.directory, 'project');
  mkdirSync(join(project, '.git'), { recursive: true });
});
afterEach(() => bed.close());

const at = (file: string) => join(project, file);
const read = (file: string) => readFileSync(at(file), 'utf8');
function write(file: string, text: string | Buffer): void {
  mkdirSync(dirname(at(file)), { recursive: true });
  writeFileSync(at(file), text);
}

/** Every file of the project, and its bytes. */
const files = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(project, { recursive: true, withFileTypes: true })
      .filter((each) => !each.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path.slice(project.length + 1), readFileSync(path, 'latin1')]),
  );

const dnx = (line: string, options: RunOptions = {}) => bed.dnx(line, { cwd: project, ...options });
const terminal = (keys: string): RunOptions => ({ columns: 120, keys, env: { NO_COLOR: '1' } });

describe('dnx agent install', () => {
  test('shows each file and asks, and keeps what the user declines', async () => {
    const run = await dnx('agent install claude', terminal('y\rn\ry\r'));
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('  + name: deploynix\n');
    expect(run.stderr.match(/(Create|Change) \S+\?/g)).toEqual(expect.arrayContaining([`Create ${SKILL}?`, 'Create AGENTS.md?']));
    expect(run.stdout).toBe(`✓ Set up dnx for Claude Code\n  added  ${SKILL}\n  added  .mcp.json\n`);
    expect(Object.keys(files())).toEqual([SKILL, '.mcp.json']);
    expect(JSON.parse(read('.mcp.json'))).toEqual({ mcpServers: { deploynix: { command: 'deploynix', args: ['mcp'] } } });
  });

  test('without a terminal needs --yes, and changes nothing with --dry-run', async () => {
    expect(await dnx('agent install claude')).toMatchObject({ code: 2, stderr: expect.stringContaining('Use --yes, or --dry-run') });
    const dry = await dnx('agent install claude --dry-run');
    expect([dry.code, dry.stderr]).toEqual([0, 'Nothing was changed.\n']);
    expect(dry.stdout).toContain('Create .mcp.json\n  +  {\n');
    expect(files()).toEqual({});
  });

  test('is for the clients that a project is used with, and finds nothing to do the second time', async () => {
    for (const sign of ['.cursor/rules/a.mdc', '.vscode/settings.json', 'GEMINI.md']) write(sign, 'Theirs\n');
    const run = await dnx('agent install --yes --json');
    expect(run.json()).toEqual({
      clients: ['cursor', 'gemini', 'vscode'],
      files: [
        ...['.agents/skills/deploynix/SKILL.md', 'AGENTS.md'].map((file) => ({ file, result: 'added' })),
        { file: 'GEMINI.md', result: 'changed' },
        ...['.cursor/mcp.json', '.gemini/settings.json', '.vscode/mcp.json'].map((file) => ({ file, result: 'added' })),
      ],
    });
    expect(JSON.parse(read('.vscode/mcp.json')).servers.deploynix).toEqual({ type: 'stdio', command: 'deploynix', args: ['mcp'] });
    const before = files();
    const again = await dnx('agent install');
    expect([again.code, again.stdout]).toEqual([0, 'Nothing to change: dnx is set up for Cursor, Gemini CLI and VS Code.\n']);
    expect(files()).toEqual(before);
  });

  test('without a sign of a client asks, or fails', async () => {
    expect(await dnx('agent install --yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('Name them: claude, codex') });
    expect(await dnx('agent install clade --yes')).toMatchObject({ code: 2, stderr: expect.stringContaining('claude') });
    const asked = await dnx('agent install --yes', terminal(' \r'));
    expect([asked.code, asked.stdout]).toEqual([0, expect.stringContaining('✓ Set up dnx for Claude Code\n')]);
  });

  test('refuses the home directory, whose files agents read everywhere', async () => {
    const run = await bed.dnx('agent install claude --yes');
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('This is your home directory')]);
  });

  test('writes lines into CLAUDE.md only if that does not refer to AGENTS.md', async () => {
    write('CLAUDE.md', 'See @AGENTS.md\n');
    expect((await dnx('agent install claude --yes')).code).toBe(0);
    expect(read('CLAUDE.md')).toBe('See @AGENTS.md\n');
    write('CLAUDE.md', 'Use tabs.\n');
    expect((await dnx('agent install claude --yes')).code).toBe(0);
    expect(read('CLAUDE.md')).toMatch(/^Use tabs\.\n\n<!-- deploynix:begin .*## Deploynix\n.*<!-- deploynix:end -->\n$/s);
    rmSync(at('CLAUDE.md'));
    symlinkSync('AGENTS.md', at('CLAUDE.md'));
    expect((await dnx('agent install claude')).stdout).toContain('Nothing to change');
  });

  test('gives a project with Laravel Boost a guideline instead', async () => {
    write('composer.json', '{"require-dev":{"laravel/boost":"^2.0"}}');
    const run = await dnx('agent install claude --yes');
    expect([run.code, run.stderr]).toEqual([
      0,
      'Run php artisan boost:update, which gives the guideline to your agents.\nLink this project with: dnx link\n',
    ]);
    expect(Object.keys(files())).toEqual(['.ai/guidelines/deploynix.md', SKILL, '.mcp.json', 'composer.json']);
    expect(await dnx('agent uninstall --yes')).toMatchObject({ code: 0 });
    expect(Object.keys(files())).toEqual(['composer.json']);
  });

  test('updates what an earlier version wrote, and keeps what was edited', async () => {
    expect((await dnx('agent install claude --yes')).code).toBe(0);
    const installed = files();
    write('AGENTS.md', `# Ours\n${read('AGENTS.md').replace('## Deploynix', '## Old')}`);
    write(SKILL, `${read(SKILL)}Ours\n`);
    write('.mcp.json', '{ "mcpServers": { "deploynix": { "command": "dnx", "args": ["mcp", "--read-only"] } } }');
    const run = await dnx('agent install --yes');
    expect(run.stderr).toContain(`Kept ${SKILL}: it was edited, or not written by dnx.\n`);
    expect(run.stdout).toContain('  changed  AGENTS.md\n');
    expect(read('AGENTS.md')).toBe(`# Ours\n${installed['AGENTS.md']}`);
    expect(read('.mcp.json')).toContain('--read-only');
  });

  test('changes nothing in a clone with the line breaks of Windows', async () => {
    write('.mcp.json', '{}');
    expect((await dnx('agent install claude codex --yes')).code).toBe(0);
    for (const [file, text] of Object.entries(files())) write(file, Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
    expect((await dnx('agent install')).stdout).toContain('Nothing to change');
  });

  test('backs up a file before it changes it', async () => {
    write('.mcp.json', '{"mcpServers":{}}');
    const run = await dnx('agent install claude --yes');
    const [, directory = ''] = /backups +(.+)\n/.exec(run.stdout) ?? [];
    const kept = readdirSync(directory);
    expect(kept).toEqual([expect.stringMatching(/-\.mcp\.json$/)]);
    expect(readFileSync(join(directory, kept[0] ?? ''), 'utf8')).toBe('{"mcpServers":{}}');
  });
});

const other = '{\n  // Ours\n  "$schema": "x",\n  "KEY": {\n    "theirs": { "command": "a", "env": { "T": "1,2" } }, // last\n  },\n}\n';
const shapes: readonly (readonly [name: string, json: string])[] = [
  ['comments, other servers and trailing commas', other],
  ['CRLF and tabs', other.replaceAll('\n', '\r\n').replaceAll('  ', '\t')],
  ['a byte order mark', `\ufeff${other}`],
  ['one line', '{ "KEY": { "theirs": {} }, "x": [1] }'],
  ['no space', '{"KEY":{"theirs":{}}}'],
  ['an empty object', '{}\n'],
  ['an empty object of servers', '{ "KEY": {} }\n'],
  ['a comment where the servers go', '{\n  "KEY": {\n    // None yet\n  }\n}'],
  ['other settings', '{\n    "x": { "y": 1 }\n}\n'],
];

describe('an install and an uninstall leave the same bytes', () => {
  test.each([
    ['.mcp.json', 'claude', '{ "mcpServers": { "deploynix": { "command": "deploynix", "args": ["mcp"] } } }\n'],
    ['.vscode/mcp.json', 'vscode', '{ "servers": { "deploynix": { "command": "dnx", "args": ["mcp", "--read-only"] } } }\n'],
  ])('if %s of %s had the server before', async (file, client, text) => {
    write(file, text);
    for (const line of [`agent install ${client} --yes`, `agent install ${client} --yes`])
      expect(await dnx(line)).toMatchObject({ code: 0 });
    const run = await dnx('agent uninstall --yes');
    expect([run.code, run.stderr]).toEqual([0, `! Kept ${file}: it had the server before dnx agent install.\n`]);
    expect(files()).toEqual({ [file]: text });
  });

  const configs = [
    ['claude', '.mcp.json', 'mcpServers'],
    ['cursor', '.cursor/mcp.json', 'mcpServers'],
    ['gemini', '.gemini/settings.json', 'mcpServers'],
    ['opencode', 'opencode.jsonc', 'mcp'],
    ['vscode', '.vscode/mcp.json', 'servers'],
  ] as const;

  test.each(shapes)('of a configuration with %s', async (_, shape) => {
    for (const [, file, key] of configs) write(file, shape.replaceAll('KEY', key));
    write('AGENTS.md', 'No line break at the end');
    write('CLAUDE.md', '# Windows\r\n');
    write('.codex/config.toml', 'model = "x"\n\n[mcp_servers.other]\ncommand = "y"\n');
    const before = files();
    expect((await dnx('agent install codex --yes')).code).toBe(0);
    expect((await dnx('agent install --yes')).code).toBe(0);
    for (const [, file, key] of configs) {
      const text = read(file).replace('\ufeff', '');
      const errors: unknown[] = [];
      expect(parseTree(text, errors as never[], { allowTrailingComma: true })?.children?.length).toBeGreaterThan(0);
      expect(errors).toEqual([]);
      expect(text).toMatch(new RegExp(`"${key}": ?\\{\\s*"deploynix": \\{`));
      // Nothing of theirs is gone: without what is new, it is as before.
      for (const line of shape
        .replace('\ufeff', '')
        .split(/\r?\n/)
        .filter((each) => each.length > 6 && !each.includes('KEY')))
        expect(text).toContain(line);
    }
    expect(read('.codex/config.toml')).toMatch(/\[mcp_servers\.deploynix\]\ncommand = "deploynix"\nargs = \["mcp"\]\n# deploynix:end\n$/);
    expect((await dnx('agent install')).stdout).toContain('Nothing to change');
    expect((await dnx('agent uninstall --yes')).code).toBe(0);
    expect(files()).toEqual(before);
  });

  test('and leave what a user added meanwhile', async () => {
    expect((await dnx('agent install claude vscode --yes')).code).toBe(0);
    write('AGENTS.md', `# Ours\n\n${read('AGENTS.md')}\n## More\n`);
    write('.mcp.json', read('.mcp.json').replace('"deploynix"', '"a": {},\n    "deploynix"'));
    write('.vscode/mcp.json', read('.vscode/mcp.json').replace(/\n {2}\}\n\}/, ',\n    "b": {}\n  }\n}'));
    write('.claude/skills/mine/SKILL.md', 'Mine');
    write('opencode.json', '{ broken, but none of ours');
    const run = await dnx('agent uninstall', terminal('y\r'.repeat(4)));
    expect(run.code, run.stderr).toBe(0);
    expect(run.stderr).toContain(`Remove ${SKILL}?`);
    expect(files()).toEqual({
      '.claude/skills/mine/SKILL.md': 'Mine',
      '.mcp.json': '{\n  "mcpServers": {\n    "a": {}\n  }\n}\n',
      '.vscode/mcp.json': '{\n  "servers": {\n    "b": {}\n  }\n}\n',
      'AGENTS.md': '# Ours\n\n## More\n',
      'opencode.json': '{ broken, but none of ours',
    });
    expect((await dnx('agent uninstall --yes')).stdout).toBe('Nothing of dnx agent install is in this project.\n');
  });
});

describe('what cannot be changed without harm is refused, and nothing is written:', () => {
  const lock = (file: string) => {
    write(file, 'x\n');
    chmodSync(at(file), 0o444);
  };
  const refusals: readonly (readonly [what: string, file: string, make: (file: string) => void, message: string])[] = [
    ['broken JSON', '.mcp.json', (file) => write(file, '{\n  "mcpServers": {\n    "a": \n'), '.mcp.json:4 is not valid JSON'],
    ['an empty file', '.mcp.json', (file) => write(file, ''), '.mcp.json:1 is not valid JSON'],
    ['a list of servers', '.mcp.json', (file) => write(file, '{\n  "mcpServers": []\n}'), '.mcp.json:2: mcpServers is not an object'],
    ['text instead of settings', '.mcp.json', (file) => write(file, '"x"'), '.mcp.json:1: the file is not an object'],
    ['one of two comments', 'AGENTS.md', (file) => write(file, 'a\n<!-- deploynix:begin -->\n'), 'AGENTS.md:2: expected one'],
    ['comments in the other order', 'AGENTS.md', (file) => write(file, '<!-- deploynix:end -->\n<!-- deploynix:begin -->'), 'AGENTS.md:1'],
    ['bytes that are not UTF-8', 'AGENTS.md', (file) => write(file, Buffer.from([0x41, 0xe9])), 'AGENTS.md is not UTF-8'],
    ['a directory', 'AGENTS.md', (file) => mkdirSync(at(file)), 'AGENTS.md is not a regular file'],
    ['a link to nowhere', 'AGENTS.md', (file) => symlinkSync('gone', at(file)), 'AGENTS.md is a link to a file that does not exist'],
    ['a link out of the project', 'AGENTS.md', (file) => symlinkSync('../secret', at(file)), 'outside of this project'],
    ['a directory out of the project', '.claude', (file) => symlinkSync('..', at(file)), 'outside of this project'],
    ['a read-only file', 'AGENTS.md', lock, 'AGENTS.md is read-only'],
  ];

  test.each(refusals)('%s', async (_, file, make, message) => {
    writeFileSync(join(bed.directory, 'secret'), 'secret');
    make(file);
    const run = await dnx('agent install claude --yes');
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(readFileSync(join(bed.directory, 'secret'), 'utf8')).toBe('secret');
    expect(existsSync(at('.claude/skills'))).toBe(false);
    expect(existsSync(at('.mcp.json'))).toBe(file === '.mcp.json');
  });

  test.each([
    ['another server of that name', '.mcp.json', '{"mcpServers":{"deploynix":{"command":"other"}}}', 'claude'],
    ['a server of that name in TOML', '.codex/config.toml', '[mcp_servers."deploynix"]\ncommand = "other"\n', 'codex'],
    ['servers as one value in TOML', '.codex/config.toml', 'mcp_servers = { a = { command = "b" } }\n', 'codex'],
  ])('%s stays', async (_, file, text, client) => {
    write(file, text);
    for (const line of [`agent install ${client} --yes`, 'agent uninstall --yes']) {
      const run = await dnx(line);
      expect([run.code, read(file)]).toEqual([0, text]);
      if (line.includes(' install')) expect(run.stderr).toContain(`Kept ${file}: it has`);
    }
  });
});

describe('the commands that agents read', () => {
  /** For a person, on a terminal. */
  const answers: Readonly<Record<string, string>> = {
    'apply plan.json': 'y\r',
    login: `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r\r`,
  };

  test('run, and those under Read only read', async () => {
    expect((await dnx('link shop.example.com')).code).toBe(0);
    expect((await dnx('agent install claude --yes')).code).toBe(0);
    const lines = [SKILL, 'AGENTS.md'].flatMap((file) => commandsOf(read(file)).map((argv) => argv.join(' ')));
    const [, reading = ''] = /## Read\n(.*)\n## Change/s.exec(read(SKILL)) ?? [];
    const reads = commandsOf(reading).map((argv) => argv.join(' '));
    expect(reads.length).toBeGreaterThan(8);
    for (const line of new Set(lines)) {
      const { invocation } = await parse(line.split(' '), tree);
      if (reads.includes(line)) expect(invocation && effectOf(invocation.command, wordsIn(invocation)), line).toBe('read');
      const keys = answers[line];
      const run =
        keys === undefined
          ? await dnx(line, { elsewhere: () => {} })
          : await dnx(line, { columns: 100, keys, ...(line === 'login' && { env: { DNX_TOKEN: '' } }) });
      // There is no ssh here.
      if (/^logs/.test(line)) expect(run.stderr, line).toContain('ssh');
      else expect(run.code, `${line}: ${run.stderr}`).toBe(0);
    }
  });
});
