import type { AnyCommand, Group } from '../cli/command.ts';

/** A line of the table of contents: what there is, and where it is loaded from once it is named. */
export interface Entry<T extends Group | AnyCommand = Group> {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly section: string;
  readonly load: () => Promise<{ readonly default: T }>;
}

/** Every group of commands, in the order of the help. */
export const contents: readonly Entry[] = [
  { name: 'auth', summary: 'Sign in and out, and see as whom', section: 'Account', load: () => import('./auth.ts') },
  { name: 'token', summary: 'API tokens and what they may do', section: 'Account', load: () => import('./token.ts') },
  { name: 'server', summary: 'Servers', section: 'Servers and sites', load: () => import('./server.ts') },
  { name: 'site', summary: 'Sites: deploy, watch, roll back', section: 'Servers and sites', load: () => import('./site.ts') },
  { name: 'daemon', summary: 'Long-running processes kept alive by Supervisor', section: 'On a server', load: () => import('./daemon.ts') },
  {
    name: 'sandbox',
    summary: 'A Deploynix of your own on this machine, to try and to test',
    section: 'Tools',
    load: () => import('./sandbox.ts'),
  },
];

/** Commands that belong to no group: `dnx api`. A file each, whose default export is the command. */
export const alone: readonly Entry<AnyCommand>[] = [
  { name: 'api', summary: 'Call the API itself, for what has no command yet', section: 'Tools', load: () => import('./api.ts') },
];

/** Commands that also stand at the root, for they are typed most. */
export const shortcuts: Readonly<Record<string, readonly [group: string, command: string, summary: string]>> = {
  login: ['auth', 'login', 'Sign in'],
  logout: ['auth', 'logout', 'Revoke the token and forget it'],
  whoami: ['auth', 'whoami', 'Who the token belongs to'],
  deploy: ['site', 'deploy', 'Deploy a site and follow it to its end'],
  rollback: ['site', 'rollback', 'Make an earlier release live again'],
};
