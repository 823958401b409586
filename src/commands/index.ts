import type { AnyCommand, Entry, Tree } from '../cli/language/command.ts';

/** Every group of commands, in the order of the help. */
export const contents: readonly Entry[] = [
  { name: 'auth', summary: 'Sign in and out, and see as whom', section: 'Account', load: () => import('./auth.ts') },
  { name: 'token', summary: 'API tokens and what they may do', section: 'Account', load: () => import('./token.ts') },
  {
    name: 'config',
    summary: 'The host, server, site and output that a profile keeps',
    section: 'Account',
    load: () => import('./config.ts'),
  },
  { name: 'server', summary: 'Servers', section: 'Servers and sites', load: () => import('./server.ts') },
  { name: 'site', summary: 'Sites: deploy, watch, roll back', section: 'Servers and sites', load: () => import('./site.ts') },
  { name: 'env', summary: 'Environment variables of a site', section: 'On a site', load: () => import('./env.ts') },
  { name: 'queue', summary: 'Queue workers of a site', section: 'On a site', load: () => import('./queue.ts') },
  { name: 'redirect', summary: 'Redirects that the web server answers', section: 'On a site', load: () => import('./redirect.ts') },
  {
    name: 'certificate',
    summary: 'SSL certificates of sites and servers',
    section: 'On a site',
    load: () => import('./certificate.ts'),
  },
  { name: 'database', summary: 'Databases of a server', section: 'On a server', load: () => import('./database.ts') },
  {
    name: 'database-user',
    summary: 'Who may use a database',
    section: 'On a server',
    load: () => import('./database-user.ts'),
  },
  { name: 'backup', summary: 'Backups of databases and applications', section: 'On a server', load: () => import('./backup.ts') },
  { name: 'crontab', summary: 'Commands that run on a schedule', section: 'On a server', load: () => import('./crontab.ts') },
  { name: 'daemon', summary: 'Long-running processes kept alive by Supervisor', section: 'On a server', load: () => import('./daemon.ts') },
  { name: 'ssh-key', summary: 'Public keys that may log in to a server', section: 'On a server', load: () => import('./ssh-key.ts') },
  {
    name: 'network-rule',
    aliases: ['firewall'],
    summary: 'Firewall rules of a server',
    section: 'On a server',
    load: () => import('./network-rule.ts'),
  },
  { name: 'provider', summary: 'Cloud providers and what they offer', section: 'Connections', load: () => import('./provider.ts') },
  { name: 'credential', summary: 'Credentials for cloud providers', section: 'Connections', load: () => import('./credential.ts') },
  { name: 'git-provider', summary: 'Connections to Git hosts', section: 'Connections', load: () => import('./git-provider.ts') },
  {
    name: 'git-repository',
    aliases: ['repo'],
    summary: 'Git repositories that sites are deployed from',
    section: 'Connections',
    load: () => import('./git-repository.ts'),
  },
  {
    name: 'completion',
    summary: 'Set up shell completion',
    section: 'Tools',
    load: () => import('./completion.ts'),
  },
  {
    name: 'sandbox',
    summary: 'Run a local Deploynix API for testing',
    section: 'Tools',
    load: () => import('./sandbox.ts'),
  },
];

/** Commands that belong to no group: `dnx api`. A file each, whose default export is the command. */
export const alone: readonly Entry<AnyCommand>[] = [
  {
    name: 'doctor',
    summary: 'Check your setup and suggest fixes',
    section: 'Tools',
    load: () => import('./doctor.ts'),
  },
  { name: 'api', summary: 'Make an authenticated API request', section: 'Tools', load: () => import('./api.ts') },
];

/** Commands that also stand at the root, for they are typed most. */
export const shortcuts: Tree['shortcuts'] = {
  login: ['auth', 'login', 'Sign in'],
  logout: ['auth', 'logout', 'Revoke the token and forget it'],
  whoami: ['auth', 'whoami', 'Who the token belongs to'],
  deploy: ['site', 'deploy', 'Deploy a site and follow it to its end'],
  rollback: ['site', 'rollback', 'Make an earlier release live again'],
};

/** All of it, for whoever walks the commands. */
export const tree: Tree = { contents, alone, shortcuts };
