import cloud from '../../../docs/from/cloud.md';
import forge from '../../../docs/from/forge.md';
import heroku from '../../../docs/from/heroku.md';
import ploi from '../../../docs/from/ploi.md';
import vapor from '../../../docs/from/vapor.md';
import vercel from '../../../docs/from/vercel.md';
import ci from '../../../docs/help/ci.md';
import exitCodes from '../../../docs/help/exit-codes.md';
import files from '../../../docs/help/files.md';
import keychain from '../../../docs/help/keychain.md';
import names from '../../../docs/help/names.md';
import output from '../../../docs/help/output.md';
import tokens from '../../../docs/help/tokens.md';
import waiting from '../../../docs/help/waiting.md';
import type { Block, Term, Topic } from '../../cli/language/command.ts';
import { globals } from '../../cli/language/globals.ts';
import { optionSections } from '../../cli/run/help/page.ts';
import { type Variable, variableGroups } from '../../machine/settings/variables.ts';

/** The first paragraph about the environment. */
export const environmentIntro =
  'Options override environment variables, which override .deploynix.json, which overrides the profile. To turn a switch off, leave it unset or set it to 0, false or no.';

/** What a variable does, and what applies without it. */
export const variableLine = ({ name, help, fallback }: Variable): Term => [
  name,
  fallback === undefined ? help : `${help} (default${fallback.includes(' ') ? ':' : ''} ${fallback})`,
];

const page = (text: string) => () => topicIn(text);

/** What `dnx help` says, by topic: pages of the documentation, and what the declarations say about options and variables. */
export const topics = {
  options: (): Topic => ({
    title: 'Global options',
    body: [
      optionSections(globals).flatMap(([, lines]) => lines),
      'Options that many commands take:',
      [
        ['--server, --site <name>', 'Server: name or IP; site: domain; or their ids'],
        ['-y, --yes, --confirm <name>', 'Confirm; by name if it cannot be undone'],
        ['--[no-]wait, --timeout <time>', 'See dnx help waiting'],
      ],
    ],
  }),
  environment: (): Topic => ({
    title: 'Environment variables',
    body: [
      environmentIntro,
      ...variableGroups.flatMap(({ title, isSystem, variables }) =>
        isSystem ? [`${title}: ${variables.map(({ name }) => name).join(', ')}`] : [`${title}:`, variables.map(variableLine)],
      ),
      'The settings in effect: dnx config list',
    ],
  }),
  output: page(output),
  names: page(names),
  'exit-codes': page(exitCodes),
  files: page(files),
  tokens: page(tokens),
  ci: page(ci),
  keychain: page(keychain),
  waiting: page(waiting),
  'from-forge': page(forge),
  'from-ploi': page(ploi),
  'from-vapor': page(vapor),
  'from-cloud': page(cloud),
  'from-heroku': page(heroku),
  'from-vercel': page(vercel),
};

export type TopicName = keyof typeof topics;

/** A page of a heading, paragraphs, command lines and tables of two columns as a topic, without the marks of code. */
function topicIn(text: string): Topic {
  const [heading = '', ...blocks] = text.trim().split('\n\n');
  return { title: heading.replace('# ', ''), body: blocks.map(blockIn) };
}

function blockIn(block: string): Block {
  const [, , ...rows] = block.replaceAll('`', '').split('\n');
  if (block.startsWith('```')) return { run: block.split('\n').slice(1, -1) };
  if (!block.startsWith('|')) return block.replaceAll('`', '').replaceAll('\n', ' ');
  let outer = '';
  return rows.map((row): Term => {
    const [, term = '', meaning = ''] = row.split('|').map((cell) => cell.trim());
    // A file in the directory above it, or an option of the command above.
    const rest = /^(~|dnx )/.test(outer) && term.startsWith(outer) ? term.slice(outer.length) : '';
    if (/^[/ ]/.test(rest)) return [`  ${rest.slice(1)}`, meaning];
    outer = term;
    return [term, meaning];
  });
}
