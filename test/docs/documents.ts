import { readdirSync } from 'node:fs';

const markdownIn = (directory: string): readonly string[] =>
  readdirSync(directory).flatMap((name) => (name.endsWith('.md') ? [`${directory}/${name}`] : []));

/** The Markdown files that people write, and the table of variables, relative to the root of the repository. */
export const documents: readonly string[] = [
  'README.md',
  'AGENTS.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...markdownIn('docs'),
  ...markdownIn('docs/help'),
];

/** The pages of the command reference, which are generated. */
export const reference: readonly string[] = markdownIn('docs/reference');
