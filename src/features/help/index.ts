import type { TopicEntry } from '../../cli/language/command.ts';
import type { comingFrom } from './coming-from.ts';
import type { topicTexts } from './topics.ts';

const textOf = (name: keyof typeof topicTexts) => async () => (await import('./topics.ts')).topicTexts[name];
const from = (name: keyof typeof comingFrom) => async () => (await import('./coming-from.ts')).comingFrom[name];

/** The topics of `dnx help`, in the order of the help. */
export const topics: readonly TopicEntry[] = [
  { name: 'options', summary: 'Global options', load: textOf('options') },
  { name: 'output', summary: 'Formats, fields and queries', load: textOf('output') },
  { name: 'names', summary: 'Names, ids and defaults', load: textOf('names') },
  { name: 'exit-codes', summary: 'What each exit code means', load: textOf('exit-codes') },
  { name: 'environment', summary: 'Environment variables', load: textOf('environment') },
  { name: 'files', summary: 'Files and directories', load: textOf('files') },
  { name: 'tokens', summary: 'Create tokens and limit what they can do', load: textOf('tokens') },
  { name: 'keychain', summary: 'Where tokens are stored', load: textOf('keychain') },
  { name: 'waiting', summary: 'Wait for deployments and other work', load: textOf('waiting') },
  { name: 'ci', summary: 'Run dnx in CI', load: textOf('ci') },
  { name: 'from-forge', summary: 'Laravel Forge CLI: what to type here', load: from('from-forge') },
  { name: 'from-ploi', summary: 'Ploi CLI: what to type here', load: from('from-ploi') },
  { name: 'from-vapor', summary: 'Laravel Vapor CLI: what to type here', load: from('from-vapor') },
  { name: 'from-cloud', summary: 'Laravel Cloud CLI: what to type here', load: from('from-cloud') },
  { name: 'from-heroku', summary: 'Heroku CLI: what to type here', load: from('from-heroku') },
];
