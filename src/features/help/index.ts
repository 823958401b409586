import type { Block, Line, Topic, TopicEntry } from '../../cli/language/command.ts';
import type { topicTexts } from './topics.ts';

const textOf = (name: keyof typeof topicTexts) => async () => (await import('./topics.ts')).topicTexts[name];

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
  from('forge', 'Laravel Forge', () => import('../../../docs/from/forge.md')),
  from('ploi', 'Ploi', () => import('../../../docs/from/ploi.md')),
  from('vapor', 'Laravel Vapor', () => import('../../../docs/from/vapor.md')),
  from('cloud', 'Laravel Cloud', () => import('../../../docs/from/cloud.md')),
  from('heroku', 'Heroku', () => import('../../../docs/from/heroku.md')),
];

/** A topic for users of another command line: what to type here, and what is different. */
function from(name: string, tool: string, page: () => Promise<{ readonly default: string }>): TopicEntry {
  const load = async () => topicIn((await page()).default);
  return { name: `from-${name}`, summary: `${tool} CLI: what to type here`, load };
}

/** A page of a heading, paragraphs and tables of two columns as a topic, without the marks of code. */
function topicIn(page: string): Topic {
  const [heading = '', ...blocks] = page.trim().replaceAll('`', '').split('\n\n');
  return { title: heading.replace('# ', ''), body: blocks.map(blockIn) };
}

function blockIn(text: string): Block {
  const [first = '', , ...rows] = text.split('\n');
  if (!first.startsWith('|')) return text.replaceAll('\n', ' ');
  return rows.map((row): Line => {
    const [, term = '', meaning = ''] = row.split('|');
    return [term.trim(), meaning.trim()];
  });
}
