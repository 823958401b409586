import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** How a client is told of an MCP server: a member of an object in a JSON file, or a table at the end of a TOML file. */
export interface McpFile {
  readonly file: string;
  /** The object with the servers; undefined in TOML. */
  readonly key?: string;
  readonly entry?: unknown;
}

/** A program in which an agent runs, and the files of a project that it reads. */
export interface AgentClient {
  readonly name: string;
  readonly title: string;
  /** Files and directories that show that a project is used with it. */
  readonly signs: readonly string[];
  /** The directories in which it looks for skills. */
  readonly skills: readonly SkillPlace[];
  readonly mcp: McpFile;
  /** The file that it reads first, if that is not AGENTS.md. */
  readonly context?: string;
}

type SkillPlace = '.claude/skills' | '.agents/skills';

/** Where the skill goes, in any of these directories. */
export const SKILL = 'deploynix/SKILL.md';
/** The name of the MCP server. */
export const MCP_NAME = 'deploynix';
/** Not `dnx`: that of .NET runs what it downloads. */
export const MCP_COMMAND = ['deploynix', 'mcp'] as const;

const [command, ...args] = MCP_COMMAND;
const stdio = { command, args };

/** The clients whose documentation says what they read in a project. */
export const agentClients: readonly AgentClient[] = [
  {
    name: 'claude',
    title: 'Claude Code',
    signs: ['.claude', '.mcp.json', 'CLAUDE.md'],
    skills: ['.claude/skills'],
    mcp: { file: '.mcp.json', key: 'mcpServers', entry: stdio },
    context: 'CLAUDE.md',
  },
  {
    name: 'codex',
    title: 'Codex',
    signs: ['.codex'],
    skills: ['.agents/skills'],
    mcp: { file: '.codex/config.toml' },
  },
  {
    name: 'cursor',
    title: 'Cursor',
    signs: ['.cursor', '.cursorrules'],
    skills: ['.agents/skills', '.claude/skills'],
    mcp: { file: '.cursor/mcp.json', key: 'mcpServers', entry: stdio },
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    signs: ['.gemini', 'GEMINI.md'],
    skills: ['.agents/skills'],
    mcp: { file: '.gemini/settings.json', key: 'mcpServers', entry: stdio },
    context: 'GEMINI.md',
  },
  {
    name: 'opencode',
    title: 'OpenCode',
    signs: ['.opencode', 'opencode.json', 'opencode.jsonc'],
    skills: ['.agents/skills', '.claude/skills'],
    mcp: { file: 'opencode.json', key: 'mcp', entry: { type: 'local', command: MCP_COMMAND, enabled: true } },
  },
  {
    name: 'vscode',
    title: 'VS Code',
    signs: ['.vscode', '.github/copilot-instructions.md'],
    skills: ['.agents/skills', '.claude/skills'],
    mcp: { file: '.vscode/mcp.json', key: 'servers', entry: { type: 'stdio', ...stdio } },
  },
];

/** The clients that a project is used with. */
export const clientsIn = (project: string): readonly AgentClient[] =>
  agentClients.filter(({ signs }) => signs.some((sign) => existsSync(join(project, sign))));

/** The fewest directories in which all of these clients find the skill. */
export function skillPlaces(clients: readonly AgentClient[]): readonly SkillPlace[] {
  const needed = new Set(clients.flatMap(({ skills }) => (skills.length === 1 ? skills : [])));
  for (const { skills } of clients) if (!skills.some((each) => needed.has(each))) needed.add('.agents/skills');
  return [...needed].sort();
}
