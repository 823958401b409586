import { existsSync } from 'node:fs';
import { join } from 'node:path';

type SkillPlace = '.claude/skills' | '.agents/skills';

/** A program in which an agent runs. */
export interface AgentClient {
  readonly name: string;
  readonly title: string;
  /** Files and directories that show that a project is used with it. */
  readonly signs: readonly string[];
  /** The directories in which it looks for skills. */
  readonly skills: readonly SkillPlace[];
  /** The files of a project that may have its MCP servers. */
  readonly servers: readonly string[];
  /** Its own command, or link, that adds the MCP server. */
  readonly add: string;
  /** The file that it reads first, if that is not AGENTS.md. */
  readonly context?: string;
}

/** Where the skill goes, in any of these directories. */
export const SKILL = 'deploynix/SKILL.md';
/** The name of the MCP server. */
export const MCP_NAME = 'deploynix';
/** Not `dnx`: that of .NET runs what it downloads. */
export const MCP_SERVER = { command: 'deploynix', args: ['mcp'] } as const;

const shared = ['.agents/skills', '.claude/skills'] as const;

/** The clients whose documentation says what they read in a project. */
export const agentClients: readonly AgentClient[] = [
  {
    name: 'claude',
    title: 'Claude Code',
    signs: ['.claude', '.mcp.json', 'CLAUDE.md'],
    skills: ['.claude/skills'],
    servers: ['.mcp.json'],
    add: 'claude mcp add --scope project deploynix -- deploynix mcp',
    context: 'CLAUDE.md',
  },
  {
    name: 'codex',
    title: 'Codex',
    signs: ['.codex'],
    skills: ['.agents/skills'],
    servers: ['.codex/config.toml'],
    add: 'codex mcp add deploynix -- deploynix mcp',
  },
  {
    name: 'cursor',
    title: 'Cursor',
    signs: ['.cursor', '.cursorrules'],
    skills: shared,
    servers: ['.cursor/mcp.json'],
    add: `open cursor://anysphere.cursor-deeplink/mcp/install?name=deploynix&config=${Buffer.from(JSON.stringify(MCP_SERVER)).toString('base64url')}`,
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    signs: ['.gemini', 'GEMINI.md'],
    skills: ['.agents/skills'],
    servers: ['.gemini/settings.json'],
    add: 'gemini mcp add deploynix deploynix mcp',
    context: 'GEMINI.md',
  },
  {
    name: 'opencode',
    title: 'OpenCode',
    signs: ['.opencode', 'opencode.json', 'opencode.jsonc'],
    skills: shared,
    servers: ['opencode.json', 'opencode.jsonc'],
    add: 'opencode mcp add (name deploynix, command deploynix mcp)',
  },
  {
    name: 'vscode',
    title: 'VS Code',
    signs: ['.vscode', '.github/copilot-instructions.md'],
    skills: shared,
    servers: ['.vscode/mcp.json'],
    add: `code --add-mcp '${JSON.stringify({ name: MCP_NAME, ...MCP_SERVER })}'`,
  },
];

/** The clients that a project is used with. */
export const clientsIn = (project: string): readonly AgentClient[] =>
  agentClients.filter(({ signs }) => signs.some((sign) => existsSync(join(project, sign))));

/** The fewest directories in which all of these clients find the skill. */
export function skillPlaces(clients: readonly AgentClient[]): readonly SkillPlace[] {
  const needed = new Set(clients.flatMap(({ skills }) => (skills.length === 1 ? skills : [])));
  for (const { skills } of clients) if (!skills.some((place) => needed.has(place))) needed.add('.agents/skills');
  return [...needed].sort();
}
