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

/** The forms of issues. */
export const forms: readonly string[] = readdirSync('.github/ISSUE_TEMPLATE').map((name) => `.github/ISSUE_TEMPLATE/${name}`);

/** The pages of the command reference, which are generated. */
export const reference: readonly string[] = markdownIn('docs/reference');
