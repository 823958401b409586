import { usage } from '../base/errors.ts';
import { HOUR } from '../base/time.ts';
import { command, group } from '../cli/language/command.ts';
import { argument, flag, list } from '../cli/language/options.ts';
import { agentClients } from '../features/agent/clients.ts';
import { chosenAbilities, leaseCalls, leaseOptions, readAbilities } from '../features/token/choose.ts';

const dry_run = { ...flag('Show what would be written, without writing'), effect: 'read' } as const;

const install = command({
  name: 'install',
  reach: 'outlasts',
  effect: 'local',
  summary: 'Tell the agents in this project how to use dnx',
  description:
    'Writes a skill and a few lines in AGENTS.md, for the clients that you name or that this project has files for. A project with Laravel Boost gets a guideline instead of the lines. Claude Code also gets a new .mcp.json with the MCP server dnx mcp. For the other clients, it prints the command of the client that adds the server.\n\nShows each change first. What is already in a file stays. Run it again after an upgrade. dnx agent uninstall takes it back.',
  options: {
    client: argument({
      ...list('Clients, by default those that this project has files for', 'client'),
      choices: agentClients.map(({ name }) => name),
    }),
    dry_run,
  },
  consent: async () => ({ level: 'moderate', deferred: true }),
  prints: async () => (await import('../features/agent/install.ts')).installed,
  examples: ['install', 'install claude cursor --yes', 'install codex --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/agent/install.ts')).installAgent(ctx, options, consent),
});

const uninstall = command({
  name: 'uninstall',
  reach: 'outlasts',
  effect: 'local',
  summary: 'Take back what dnx agent install wrote in this project',
  description: 'Removes what dnx agent install wrote for any client, and files and directories that are empty then. What you added stays.',
  options: { dry_run },
  consent: async () => ({ level: 'moderate', deferred: true }),
  prints: async () => (await import('../features/agent/install.ts')).installed,
  examples: ['uninstall --yes', 'uninstall --dry-run'],
  run: async (ctx, { options, consent }) => (await import('../features/agent/install.ts')).uninstallAgent(ctx, options, consent),
});

const TTL_MS = 8 * HOUR;

const run = command({
  name: 'run',
  reach: 'account',
  summary: 'Run an agent with a token of its own',
  description:
    'Like dnx token lease, with a token that can read everything and deploy. Options allow something else instead. In the session, --yes answers ordinary questions, but types no name, such as to delete a site: dnx saves a plan, and a person runs dnx apply in another terminal. dnx history lists every change, with its session.',
  calls: [...leaseCalls],
  effect: 'program',
  exits: 'those of the command',
  options: {
    for: list('Allow what this command needs, instead of deployments', 'command'),
    from_script: list('Allow what a shell script, GitHub workflow or GitLab pipeline needs', 'file'),
    ability: list('Allow this ability, instead of deployments', 'resource:action'),
    read_only: flag('Allow no changes'),
    show_values: { ...flag('Show the values of variables, and the rows of databases'), reveals: 'values' },
    ...leaseOptions('8h'),
  },
  examples: ['run -- claude', 'run --for "deploy --wait" --for "env set" -- codex', 'run --read-only --ttl 1h -- claude'],
  async run(ctx, { options: { command, ttl, read_only: readOnly = false, show_values: showValues = false, ...choosing } }) {
    const chosen = await chosenAbilities(ctx, { ...choosing, preset: undefined });
    const changes = (chosen ?? (readOnly ? [] : ['site:deploy'])).filter((each) => !readAbilities.includes(each));
    if (readOnly && changes.length > 0) throw usage(`--read-only does not allow ${changes.join(', ')}.`);
    const abilities = [...readAbilities, ...changes];
    return (await import('../features/lease/lease.ts')).runLeased(ctx, {
      kind: 'agent',
      command,
      abilities,
      ttlMs: ttl ?? TTL_MS,
      readOnly,
      showValues,
    });
  },
});

export default group({ name: 'agent', commands: [run, install, uninstall] });
