import type { Line, Topic } from '../../cli/language/topic.ts';
import { type Variable, variableGroups } from '../../machine/settings/variables.ts';

/** The first paragraph. */
export const intro =
  'Options override environment variables, which override .deploynix.json, which overrides the profile. To turn a switch off, leave it unset or set it to 0, false or no.';

/** What a variable does, and what applies without it. */
export const lineOf = ({ name, help, fallback }: Variable): Line => [
  name,
  fallback === undefined ? help : `${help} (default${fallback.includes(' ') ? ':' : ''} ${fallback})`,
];

export default {
  title: 'Environment variables',
  body: [
    intro,
    ...variableGroups.flatMap(({ title, system, variables }) =>
      system ? [`${title}: ${variables.map(({ name }) => name).join(', ')}`] : [`${title}:`, variables.map(lineOf)],
    ),
    'The settings in effect: dnx config list',
  ],
} satisfies Topic;
