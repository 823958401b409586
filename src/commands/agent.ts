import { command, group } from '../cli/language/command.ts';
import { argument, flag, list } from '../cli/language/options.ts';

const dry_run = { ...flag('Show what would be written, without writing'), effect: 'read' } as const;

const install = command({
  name: 'install',
  effect: 'local',
  summary: 'Tell the agents in this project how to use dnx',
  description:
    'Writes a skill, a few lines for AGENTS.md, and an entry for the MCP server dnx mcp, for the clients that this project is used with or that you name. A project that uses Laravel Boost gets a guideline instead of the lines.\n\nEach change is shown first. What is in a file already stays, and is backed up. Run it again after an upgrade. dnx agent uninstall takes it back.',
  options: {
    client: argument({
      ...list('Clients, by default those that this project has files of', 'client'),
      choices: ['claude', 'codex', 'cursor', 'gemini', 'opencode', 'vscode'],
    }),
    dry_run,
  },
  consent: async () => ({ level: 'moderate', deferred: true }),
  examples: ['install', 'install claude cursor --yes', 'install codex --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/agent/install.ts')).installAgent(ctx, options, consent),
});

const uninstall = command({
  name: 'uninstall',
  effect: 'local',
  summary: 'Take back what dnx agent install wrote in this project',
  description: 'Removes what dnx agent install wrote for any client, and files and directories that are empty then. What you added stays.',
  options: { dry_run },
  consent: async () => ({ level: 'moderate', deferred: true }),
  examples: ['uninstall --yes', 'uninstall --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/agent/install.ts')).uninstallAgent(ctx, options, consent),
});

export default group({ name: 'agent', commands: [install, uninstall] });
