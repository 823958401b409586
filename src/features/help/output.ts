import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Output',
  body: [
    'The result goes to stdout; progress, prompts and errors go to stderr.',
    [
      ['-o table', 'Aligned columns (default)'],
      ['--json, -o json', 'API JSON: an array for a list, an object for one item'],
      ['-o ndjson', 'One JSON object per line'],
      ['-o yaml', 'The same as JSON, in YAML'],
      ['-o csv, -o tsv', 'Separated values with a header'],
      ['-o text', 'Bare values, one per line'],
      ['-o ids', 'Only the ids, one per line'],
    ],
    [
      ['--fields <a,b>', 'Print only these fields'],
      ['--sort <field>', 'Sort a list by this field; -field for descending'],
      ['--limit <n>', 'Print at most n items of a list'],
      ['--query <expression>', 'Filter with JMESPath (https://jmespath.org)'],
      ['--no-header', 'Omit the header of table, csv and tsv'],
    ],
    'With --json, an error is one line of JSON on stderr. A long list is printed as it is read, except as a table or YAML. If a later page fails, the error says that the output is incomplete.',
    { run: ["dnx server list -o text --query '[].ip_address'", `dnx server list --query "[?php_version=='8.3']"`] },
  ],
} satisfies Topic;
