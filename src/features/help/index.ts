import type { TopicEntry } from '../../cli/language/command.ts';

/** The topics of `dnx help`, in the order of the help. */
export const topics: readonly TopicEntry[] = [
  { name: 'options', summary: 'Global options', load: () => import('./options.ts') },
  { name: 'output', summary: 'Formats, fields and queries', load: () => import('./output.ts') },
  { name: 'names', summary: 'Names, ids and defaults', load: () => import('./names.ts') },
  { name: 'exit-codes', summary: 'What each exit code means', load: () => import('./exit-codes.ts') },
  { name: 'environment', summary: 'Environment variables', load: () => import('./environment.ts') },
  { name: 'files', summary: 'Files and directories', load: () => import('./files.ts') },
  { name: 'tokens', summary: 'Create tokens and limit what they can do', load: () => import('./tokens.ts') },
  { name: 'keychain', summary: 'Where tokens are stored', load: () => import('./keychain.ts') },
  { name: 'waiting', summary: 'Wait for deployments and other work', load: () => import('./waiting.ts') },
  { name: 'ci', summary: 'Run dnx in CI', load: () => import('./ci.ts') },
  { name: 'from-forge', summary: 'Laravel Forge CLI: what to type here', load: () => import('./from-forge.ts') },
  { name: 'from-ploi', summary: 'Ploi CLI: what to type here', load: () => import('./from-ploi.ts') },
  { name: 'from-vapor', summary: 'Laravel Vapor CLI: what to type here', load: () => import('./from-vapor.ts') },
  { name: 'from-cloud', summary: 'Laravel Cloud CLI: what to type here', load: () => import('./from-cloud.ts') },
];
