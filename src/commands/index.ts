import type { AnyCommand, Entry, Tree } from '../cli/language/command.ts';
import type { TopicName } from '../features/help/topics.ts';

/** Every group of commands, in the order of the help. */
export const contents: readonly Entry[] = [
  { name: 'auth', summary: 'Manage sign-in and profiles', section: 'Account', load: () => import('./auth.ts') },
  { name: 'token', summary: 'Manage API tokens and their abilities', section: 'Account', load: () => import('./token.ts') },
  { name: 'config', summary: 'Manage settings and profiles', section: 'Account', load: () => import('./config.ts') },
  { name: 'server', summary: 'Manage servers', section: 'Servers', load: () => import('./server.ts') },
  { name: 'site', summary: 'Deploy, roll back and manage sites', section: 'Sites', load: () => import('./site.ts') },
  { name: 'preview', summary: 'Manage previews of branches', section: 'Sites', load: () => import('./preview.ts') },
  { name: 'env', summary: 'Manage environment variables', section: 'Sites', load: () => import('./env.ts') },
  { name: 'queue', aliases: ['worker'], summary: 'Manage queue workers', section: 'Sites', load: () => import('./queue.ts') },
  { name: 'redirect', summary: 'Manage redirects', section: 'Sites', load: () => import('./redirect.ts') },
  {
    name: 'certificate',
    aliases: ['cert', 'ssl'],
    summary: 'Manage SSL certificates',
    section: 'Sites',
    load: () => import('./certificate.ts'),
  },
  { name: 'database', summary: 'Manage databases', section: 'Servers', load: () => import('./database.ts') },
  {
    name: 'database-user',
    aliases: ['db-user'],
    summary: 'Manage database users',
    section: 'Servers',
    load: () => import('./database-user.ts'),
  },
  {
    name: 'db',
    also: 'database',
    summary: 'Connect to the databases of sites, and copy them',
    section: 'Remote',
    load: () => import('./db.ts'),
  },
  { name: 'storage', summary: 'Copy storage/app of sites', section: 'Remote', load: () => import('./storage.ts') },
  { name: 'backup', summary: 'Back up and restore databases and sites', section: 'Servers', load: () => import('./backup.ts') },
  { name: 'crontab', aliases: ['cron'], summary: 'Manage cron jobs', section: 'Servers', load: () => import('./crontab.ts') },
  { name: 'daemon', summary: 'Manage Supervisor daemons', section: 'Servers', load: () => import('./daemon.ts') },
  {
    name: 'service',
    summary: 'List and restart nginx, PHP-FPM, databases and other services',
    section: 'Servers',
    load: () => import('./service.ts'),
  },
  { name: 'ssh-key', summary: 'Manage SSH keys', section: 'Servers', load: () => import('./ssh-key.ts') },
  {
    name: 'network-rule',
    aliases: ['firewall'],
    summary: 'Manage firewall rules',
    section: 'Servers',
    load: () => import('./network-rule.ts'),
  },
  {
    name: 'provider',
    summary: 'List cloud providers, regions, sizes and images',
    section: 'Connections',
    load: () => import('./provider.ts'),
  },
  { name: 'credential', summary: 'Manage cloud provider credentials', section: 'Connections', load: () => import('./credential.ts') },
  {
    name: 'git-provider',
    summary: 'Manage connections to GitHub, GitLab and Bitbucket',
    section: 'Connections',
    load: () => import('./git-provider.ts'),
  },
  {
    name: 'git-repository',
    aliases: ['repo'],
    summary: 'Manage Git repositories and auto-deploy',
    section: 'Connections',
    load: () => import('./git-repository.ts'),
  },
  { name: 'import', summary: 'Move in from Laravel Forge or Ploi', section: 'Account', load: () => import('./import.ts') },
  { name: 'agent', summary: 'Let agents use dnx with a token of their own', section: 'Tools', load: () => import('./agent.ts') },
  { name: 'completion', summary: 'Set up shell completion', section: 'Tools', load: () => import('./completion.ts') },
  { name: 'sandbox', summary: 'Try dnx and test scripts on this machine', section: 'Tools', load: () => import('./sandbox.ts') },
];

/** Commands that belong to no group: `dnx api`. A file each, whose default export is the command. */
export const standalone: readonly Entry<AnyCommand>[] = [
  { name: 'link', noun: 'site', summary: 'Link this project to a site', section: 'Project', load: () => import('./link.ts') },
  { name: 'unlink', summary: 'Remove the link of this project', section: 'Project', load: () => import('./unlink.ts') },
  { name: 'status', noun: 'site', summary: 'Show the state of a site', section: 'Project', load: () => import('./status.ts') },
  {
    name: 'changes',
    noun: 'site',
    summary: 'Show what the next deployment would bring',
    section: 'Project',
    load: () => import('./changes.ts'),
  },
  {
    name: 'why',
    noun: 'site',
    summary: 'Find out why a deployment failed, or a site or server is down',
    section: 'Project',
    top: 'Find out what went wrong',
    load: () => import('./why.ts'),
  },
  { name: 'apply', summary: 'Apply a state file, or a plan that --out saved', section: 'Project', load: () => import('./apply.ts') },
  { name: 'export', summary: 'Write a state file from what is there', section: 'Project', load: () => import('./export.ts') },
  { name: 'drift', summary: 'Compare a state file with Deploynix', section: 'Project', load: () => import('./drift.ts') },
  { name: 'history', summary: 'Show what dnx changed from this machine', section: 'Project', load: () => import('./history.ts') },
  { name: 'undo', summary: 'Take back a change that dnx made', section: 'Project', load: () => import('./undo.ts') },
  { name: 'redo', summary: 'Make a change again that dnx undo took back', section: 'Project', load: () => import('./redo.ts') },
  { name: 'open', summary: 'Open a site or the dashboard in a browser', section: 'Sites', load: () => import('./open.ts') },
  { name: 'ssh', summary: 'Connect to a server or a site over SSH', section: 'Remote', load: () => import('./ssh.ts') },
  { name: 'artisan', summary: 'Run an Artisan command on a site', section: 'Remote', load: () => import('./artisan.ts') },
  { name: 'tinker', summary: 'Open Tinker on a site', section: 'Remote', load: () => import('./tinker.ts') },
  {
    name: 'tunnel',
    summary: 'Make a port of a server, or behind it, available on this machine',
    section: 'Remote',
    load: () => import('./tunnel.ts'),
  },
  { name: 'cp', summary: 'Copy files to and from a server or a site', section: 'Remote', load: () => import('./cp.ts') },
  {
    name: 'logs',
    summary: 'Show the logs of a site or a server',
    section: 'Remote',
    top: 'Show the logs of a site',
    load: () => import('./logs.ts'),
  },
  { name: 'top', summary: 'Show how busy servers are', section: 'Servers', load: () => import('./top.ts') },
  { name: 'audit', summary: 'Check servers and sites for risks', section: 'Servers', load: () => import('./audit.ts') },
  { name: 'report', summary: 'Report on all sites', section: 'Servers', load: () => import('./report.ts') },
  { name: 'doctor', summary: 'Check your setup and suggest fixes', section: 'Account', load: () => import('./doctor.ts') },
  { name: 'api', summary: 'Make an authenticated API request', section: 'Tools', load: () => import('./api.ts') },
  { name: 'mcp', summary: 'Let an AI agent use dnx, over the Model Context Protocol', section: 'Tools', load: () => import('./mcp.ts') },
  { name: 'schema', summary: 'Describe commands as JSON, for programs', section: 'Tools', load: () => import('./schema.ts') },
  { name: 'upgrade', summary: 'Upgrade dnx', section: 'Tools', load: () => import('./upgrade.ts') },
  { name: 'version', summary: 'Print the version', section: 'Tools', load: () => import('./version.ts') },
];

/** Commands that are also available at the root. */
export const shortcuts: Tree['shortcuts'] = {
  login: ['auth', 'login', 'Sign in'],
  logout: ['auth', 'logout', 'Sign out'],
  whoami: ['auth', 'whoami', 'Show the signed-in user'],
  releases: ['site', 'releases', 'List releases'],
  deploy: ['site', 'deploy', 'Deploy a site'],
  watch: ['site', 'watch', 'Follow a deployment'],
  rollback: ['site', 'rollback', 'Roll back a site'],
};

/** The summaries of the help topics, in the order of the help. */
const topics = {
  options: 'Global options',
  output: 'Formats, fields and queries',
  names: 'Names, ids and defaults',
  'exit-codes': 'What each exit code means',
  environment: 'Environment variables',
  tokens: 'Create tokens and limit what they can do',
  keychain: 'Where tokens are stored',
  waiting: 'Wait for deployments and other work',
  ci: 'Run dnx in CI',
  files: 'Files and directories',
  'from-forge': 'Laravel Forge CLI: what to type here',
  'from-ploi': 'Ploi CLI: what to type here',
  'from-vapor': 'Laravel Vapor CLI: what to type here',
  'from-cloud': 'Laravel Cloud CLI: what to type here',
  'from-heroku': 'Heroku CLI: what to type here',
  'from-vercel': 'Vercel CLI: what to type here',
} satisfies Readonly<Record<TopicName, string>>;

/** The whole surface, unloaded. */
export const tree: Tree = {
  contents,
  standalone,
  shortcuts,
  topics: Object.entries(topics).map(([name, summary]) => ({
    name,
    summary,
    load: async () => (await import('../features/help/topics.ts')).topics[name as TopicName](),
  })),
  guesses: async () => (await import('../features/help/guesses.ts')).guesses,
};
