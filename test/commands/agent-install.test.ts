import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/language/effect.ts';
import { wordsIn } from '../../src/cli/run/line.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { commandsOf } from '../docs/transcript.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const SKILL = '.claude/skills/deploynix/SKILL.md';

const bed = perTest(openBed);
let project: string;
beforeEach(() => {
  project = join(bed.directory, 'project');
  mkdirSync(join(project, '.git'), { recursive: true });
});

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

const SERVERS = '{\n  "mcpServers": {\n    "deploynix": { "command": "deploynix", "args": ["mcp"] }\n  }\n}\n';

describe('dnx agent install', () => {
  test('shows each file and asks', async () => {
    const declined = await dnx('agent install claude', terminal('n\r'));
    expect([declined.code, files()]).toEqual([1, {}]);
    const run = await dnx('agent install claude', terminal('y\r'));
    expect(run).toExit(0, { says: '  + name: deploynix\n' });
    for (const file of [SKILL, 'AGENTS.md', '.mcp.json']) expect(run.stderr).toContain(`Create ${file}\n  + `);
    expect(run.stderr).toContain('Make these 3 changes?');
    expect(run.stdout).toBe(`✓ Set up dnx for Claude Code\n  added  ${SKILL}\n  added  AGENTS.md\n  added  .mcp.json\n`);
    expect(Object.keys(files())).toEqual([SKILL, '.mcp.json', 'AGENTS.md']);
    expect(read('.mcp.json')).toBe(SERVERS);
  });

  test('without a terminal needs --yes, and changes nothing with --dry-run', async () => {
    await expect(dnx('agent install claude')).toExit(2, { says: 'Use --yes, or --dry-run' });
    const dry = await dnx('agent install claude --dry-run');
    expect(dry).toExit(0, { stderr: 'Nothing was changed.\n', stdout: expect.stringContaining('Create .mcp.json\n  +  {\n') });
    expect(files()).toEqual({});
  });

  test('is for the clients that a project is used with, prints their own commands, and changes none of their files', async () => {
    const signs = {
      '.codex/config.toml': 'model = "x"\n',
      '.cursor/rules/a.mdc': 'Theirs\n',
      'GEMINI.md': 'Theirs\n',
      'opencode.jsonc': '{}',
    };
    const theirs = { ...signs, '.vscode/mcp.json': '{ "servers": { "deploynix": {} } }' };
    for (const [file, text] of Object.entries(theirs)) write(file, text);
    const run = await dnx('agent install --yes');
    expect(run.stdout).toBe(
      '✓ Set up dnx for Codex, Cursor, Gemini CLI, OpenCode and VS Code\n  added  .agents/skills/deploynix/SKILL.md\n  added  AGENTS.md\n',
    );
    const [codex, cursor = '', gemini, opencode, line, ...rest] = run.stderr.split('\n');
    expect([codex, gemini, opencode, line]).toEqual([
      'Add the MCP server to Codex: codex mcp add deploynix -- deploynix mcp',
      'Add the MCP server to Gemini CLI: gemini mcp add deploynix deploynix mcp',
      'Add the MCP server to OpenCode: opencode mcp add (name deploynix, command deploynix mcp)',
      'Add a line to GEMINI.md: @AGENTS.md',
    ]);
    expect(rest).toEqual(['Link this project with: dnx link', '']);
    const link = new URL(/open (cursor:\S+)$/.exec(cursor)?.[1] ?? '');
    expect(JSON.parse(Buffer.from(link.searchParams.get('config') ?? '', 'base64').toString())).toEqual({
      command: 'deploynix',
      args: ['mcp'],
    });
    expect(files()).toMatchObject(theirs);
    expect(Object.keys(files())).toHaveLength(Object.keys(theirs).length + 2);
    expect((await dnx('agent install vscode')).stdout).toBe('Nothing to change: dnx is set up for VS Code.\n');
    expect((await dnx('agent install vscode cursor --json')).json()).toMatchObject({
      clients: ['cursor', 'vscode'],
      files: [{ result: 'kept' }, { result: 'kept' }],
      steps: [cursor],
    });
  });

  test('prints a command of VS Code that its shell reads as one word', async () => {
    const run = await dnx('agent install vscode --yes --json');
    const [step = ''] = run.json<{ steps: readonly string[] }>().steps;
    const [, words = ''] = /: code --add-mcp '([^']*)'$/.exec(step) ?? [];
    expect(JSON.parse(words)).toEqual({ name: 'deploynix', command: 'deploynix', args: ['mcp'] });
  });

  test('leaves a .mcp.json that exists to Claude Code', async () => {
    write('.mcp.json', '{ "mcpServers": {} }');
    const run = await dnx('agent install --yes');
    expect([run.code, read('.mcp.json')]).toEqual([0, '{ "mcpServers": {} }']);
    expect(run.stderr).toContain('Add the MCP server to Claude Code: claude mcp add --scope project deploynix -- deploynix mcp\n');
    write('.mcp.json', '{ "mcpServers": { "deploynix": { "command": "dnx", "args": ["mcp", "--read-only"] } } }');
    expect((await dnx('agent install')).stdout).toContain('Nothing to change');
  });

  test('without a sign of a client asks, or fails', async () => {
    await expect(dnx('agent install --yes')).toExit(2, { says: 'Name them: claude, codex' });
    await expect(dnx('agent install clade --yes')).toExit(2, { says: 'claude' });
    const asked = await dnx('agent install --yes', terminal(' \r'));
    expect(asked).toExit(0, { stdout: expect.stringContaining('✓ Set up dnx for Claude Code\n') });
  });

  test('refuses the home directory, whose files agents read everywhere', async () => {
    await expect(bed.dnx('agent install claude --yes')).toExit(2, { says: 'This is your home directory' });
  });

  test('says what CLAUDE.md lacks only if that does not refer to AGENTS.md', async () => {
    write('CLAUDE.md', 'Use tabs.\n');
    expect((await dnx('agent install claude --yes')).stderr).toContain('Add a line to CLAUDE.md: @AGENTS.md\n');
    write('CLAUDE.md', 'See @AGENTS.md\n');
    expect((await dnx('agent install claude')).stdout).toContain('Nothing to change');
    rmSync(at('CLAUDE.md'));
    symlinkSync('AGENTS.md', at('CLAUDE.md'));
    expect((await dnx('agent install claude')).stdout).toContain('Nothing to change');
  });

  test('gives a project with Laravel Boost a guideline instead', async () => {
    write('composer.json', '{"require-dev":{"laravel/boost":"^2.0"}}');
    const run = await dnx('agent install claude --yes');
    expect(run).toExit(0, { stderr: 'Give the guideline to your agents: php artisan boost:update\nLink this project with: dnx link\n' });
    expect(Object.keys(files())).toEqual(['.ai/guidelines/deploynix.md', SKILL, '.mcp.json', 'composer.json']);
    await expect(dnx('agent uninstall --yes')).toExit(0);
    expect(Object.keys(files())).toEqual(['composer.json']);
  });

  test('updates what an earlier version wrote, and keeps what was edited', async () => {
    await expect(dnx('agent install claude --yes')).toExit(0);
    const installed = files();
    write('AGENTS.md', `# Ours\n${read('AGENTS.md').replace('## Deploynix', '## Old')}`);
    write(SKILL, `${read(SKILL)}Ours\n`);
    const run = await dnx('agent install --yes');
    expect(run.stderr).toContain(`Kept ${SKILL}: it was edited, or not written by dnx.\n`);
    expect(run.stdout).toContain('  changed  AGENTS.md\n');
    expect(read('AGENTS.md')).toBe(`# Ours\n${installed['AGENTS.md']}`);
  });

  test('changes nothing in a clone with the line breaks of Windows, and takes it all back', async () => {
    await expect(dnx('agent install claude codex --yes')).toExit(0);
    for (const [file, text] of Object.entries(files())) write(file, Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1'));
    expect((await dnx('agent install claude')).stdout).toContain('Nothing to change');
    await expect(dnx('agent uninstall --yes')).toExit(0);
    expect(files()).toEqual({});
  });

  test('writes a file once to which two directories lead', async () => {
    mkdirSync(at('.agents/skills'), { recursive: true });
    mkdirSync(at('.claude'));
    symlinkSync('../.agents/skills', at('.claude/skills'));
    expect((await dnx('agent install claude codex --yes --json')).json()).toMatchObject({
      files: [{ file: `.agents/skills/deploynix/SKILL.md` }, { file: 'AGENTS.md' }, { file: '.mcp.json' }],
    });
  });
});

describe('dnx agent uninstall', () => {
  test.each(['', 'No line break at the end', '# Theirs\n', '# Windows\r\n', '\ufeff# With a mark\n'])(
    'leaves AGENTS.md as it was: %j',
    async (text) => {
      if (text !== '') write('AGENTS.md', text);
      const before = files();
      await expect(dnx('agent install claude --yes')).toExit(0);
      expect(files()).not.toEqual(before);
      await expect(dnx('agent uninstall --yes')).toExit(0);
      expect(files()).toEqual(before);
    },
  );

  test('leaves what a user added, and what a client wrote', async () => {
    await expect(dnx('agent install claude --yes')).toExit(0);
    write('AGENTS.md', `# Ours\n\n${read('AGENTS.md')}\n## More\n`);
    write('.claude/skills/mine/SKILL.md', 'Mine');
    const theirs = {
      '.claude/skills/mine/SKILL.md': 'Mine',
      '.mcp.json': SERVERS.replace('"mcp"', '"mcp", "--read-only"'),
      '.vscode/mcp.json': '{ "servers": { "deploynix": {} } }',
      'opencode.json': '{ broken, but none of ours',
    };
    for (const [file, text] of Object.entries(theirs)) write(file, text);
    const run = await dnx('agent uninstall', terminal('y\r'));
    expect(run).toExit(0, { says: `Remove ${SKILL}\n  - ---\n` });
    for (const file of ['.mcp.json', '.vscode/mcp.json'])
      expect(run.stderr).toContain(`Kept ${file}: dnx did not write it. Remove the server deploynix from it yourself.\n`);
    expect(files()).toEqual({ ...theirs, 'AGENTS.md': '# Ours\n\n## More\n' });
    expect((await dnx('agent uninstall --yes')).stdout).toBe('Nothing of dnx agent install is in this project.\n');
  });
});

describe('what cannot be changed without harm is refused, and nothing is written:', () => {
  const lock = (file: string) => {
    write(file, 'x\n');
    chmodSync(at(file), 0o444);
  };
  const refusals: readonly (readonly [what: string, file: string, make: (file: string) => void, message: string])[] = [
    ['one of two comments', 'AGENTS.md', (file) => write(file, 'a\n<!-- deploynix:begin -->\n'), 'AGENTS.md:2: expected one'],
    ['comments in the other order', 'AGENTS.md', (file) => write(file, '<!-- deploynix:end -->\n<!-- deploynix:begin -->'), 'AGENTS.md:1'],
    ['bytes that are not UTF-8', 'AGENTS.md', (file) => write(file, Buffer.from([0x41, 0xe9])), 'AGENTS.md is not UTF-8'],
    ['a directory', 'AGENTS.md', (file) => mkdirSync(at(file)), 'AGENTS.md is not a regular file'],
    ['a link to nowhere', 'AGENTS.md', (file) => symlinkSync('gone', at(file)), 'AGENTS.md is a link to a file that does not exist'],
    ['a link out of the project', 'AGENTS.md', (file) => symlinkSync('../secret', at(file)), 'outside of this project'],
    ['a directory out of the project', '.claude', (file) => symlinkSync('..', at(file)), 'outside of this project'],
    ['servers out of the project', '.mcp.json', (file) => symlinkSync('../gone', at(file)), '.mcp.json is a link to a file'],
    ['a read-only file', 'AGENTS.md', lock, 'AGENTS.md is read-only'],
  ];

  test.each(refusals)('%s', async (_, file, make, message) => {
    writeFileSync(join(bed.directory, 'secret'), 'secret');
    make(file);
    await expect(dnx('agent install claude --yes')).toExit(2, { says: message });
    expect(readFileSync(join(bed.directory, 'secret'), 'utf8')).toBe('secret');
    expect(existsSync(join(bed.directory, 'gone'))).toBe(false);
    expect(existsSync(at('.claude/skills'))).toBe(false);
    expect(existsSync(at('.mcp.json'))).toBe(false);
  });
});

describe('the commands that agents read', () => {
  /** For a person, on a terminal. */
  const answers: Readonly<Record<string, string>> = {
    'apply plan.json': 'y\r',
    login: `${SEED_EMAIL}\r${SEED_PASSWORD}\r\r\r`,
  };

  test('run, and those under Read only read', async () => {
    await expect(dnx('link shop.example.com')).toExit(0);
    await expect(dnx('agent install claude --yes')).toExit(0);
    write('deploynix.yml', 'sites:\n  shop.example.com:\n    branch: main\n');
    const lines = [SKILL, 'AGENTS.md'].flatMap((file) => commandsOf(read(file)).map((argv) => argv.join(' ')));
    const [, reading = ''] = /## Read\n(.*)\n## Change/s.exec(read(SKILL)) ?? [];
    const reads = commandsOf(reading).map((argv) => argv.join(' '));
    expect(reads.length).toBeGreaterThan(8);
    for (const line of new Set(lines)) {
      const { line: typedLine } = await parse(line.split(' '), tree);
      if (reads.includes(line)) expect(typedLine && effectOf(typedLine.command, wordsIn(typedLine)), line).toBe('read');
      const keys = answers[line];
      const run =
        keys === undefined
          ? await dnx(line, { elsewhere: () => {} })
          : await dnx(line, { columns: 100, keys, ...(line === 'login' && { env: { DNX_TOKEN: '' } }) });
      // There is no ssh and no clone here.
      if (/^logs/.test(line)) expect(run.stderr, line).toContain('ssh');
      else if (/^preview/.test(line)) expect(run.stderr, line).toContain('not in a Git repository');
      else expect(run.code, `${line}: ${run.stderr}`).toBe(0);
    }
  });
});
