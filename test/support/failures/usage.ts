import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Failure } from './failure.ts';

/** The command line is invalid, or dnx cannot prompt. Nothing is sent. */
export const usageFailures: readonly Failure[] = [
  {
    name: 'an unknown group',
    line: 'sever list',
    code: 'usage',
    says: "Unknown command 'sever'. Did you mean 'server'?",
    hint: 'See: dnx --help',
  },
  {
    name: 'an unknown command',
    line: 'server lst',
    code: 'usage',
    says: "Unknown command 'server lst'. Did you mean 'server list'?",
    hint: 'See: dnx server --help',
  },
  {
    name: 'help for an unknown group',
    line: 'help sever list',
    code: 'usage',
    says: "Unknown command 'sever'. Did you mean 'server'?",
    hint: 'See: dnx --help',
  },
  {
    name: '--help for an unknown command',
    line: 'server lst --help',
    code: 'usage',
    says: "Unknown command 'server lst'. Did you mean 'server list'?",
    hint: 'See: dnx server --help',
  },
  {
    name: 'an unknown option',
    line: 'server list --jsn',
    code: 'usage',
    says: "Unknown option '--jsn'. Did you mean '--json'?",
    hint: 'See: dnx server list --help',
  },
  {
    name: 'an option without its value',
    line: 'server list --fields',
    code: 'usage',
    says: "Option '--fields <a,b>' argument missing.",
    hint: 'See: dnx server list --help',
  },
  {
    name: 'too many arguments',
    line: 'server list web-1',
    code: 'usage',
    says: "Too many arguments: 'web-1'.",
    hint: 'See: dnx server list --help',
  },
  {
    name: 'a value of the wrong type',
    line: 'daemon create --command top --processes many --server web-1',
    code: 'usage',
    says: "--processes must be a whole number, not 'many'.",
    hint: null,
  },
  {
    name: 'an unknown format',
    line: 'server list -o xml',
    code: 'usage',
    says: "'xml' is not an output format.",
    hint: /table, json/,
  },
  {
    name: 'a missing required option',
    line: 'daemon create --server web-1',
    code: 'usage',
    says: 'Missing --command.',
    hint: /Command to keep running/,
  },
  {
    name: 'a missing server',
    line: 'daemon list',
    code: 'usage',
    says: 'No server given.',
    hint: 'Use --server, set a default with `dnx link`, or run in a terminal to pick one.',
  },
  {
    name: 'missing consent',
    line: 'daemon delete 01JQ8Z4T9G00000000000N0NE1 --server web-1',
    code: 'usage',
    says: /confirm/,
    hint: 'Use --yes, or --dry-run to see what would happen.',
  },
  {
    name: 'a host without TLS',
    line: 'server list --host http://example.com',
    code: 'usage',
    says: 'Refusing to send the token unencrypted to http://example.com.',
    hint: 'Use https://example.com.',
  },
  {
    name: 'a limit that is not a number',
    line: 'server list --limit abc',
    code: 'usage',
    says: "--limit must be a positive whole number, not 'abc'.",
    hint: null,
  },
  {
    name: 'a limit below one',
    line: 'server list --limit -1',
    code: 'usage',
    says: "--limit must be a positive whole number, not '-1'.",
    hint: null,
  },
  {
    name: 'fields without a name',
    line: "server list --fields ''",
    code: 'usage',
    says: '--fields contains an empty name.',
    hint: null,
  },
  {
    name: 'zero failures allowed',
    line: 'deploy shop.example.com --max-failures 0',
    code: 'usage',
    says: '--max-failures must be at least 1, not 0.',
    hint: null,
  },
  {
    name: 'a timeout of zero',
    line: 'deploy shop.example.com --timeout 0',
    code: 'usage',
    says: '--timeout must be longer than 0s.',
    hint: null,
  },
  {
    name: 'an empty name',
    line: "site show ''",
    code: 'usage',
    says: 'The site name is empty.',
    hint: null,
  },
  {
    name: 'an empty parent',
    line: "deploy shop.example.com --server ''",
    code: 'usage',
    says: 'The server name is empty.',
    hint: null,
  },
  {
    name: 'an empty host',
    line: "server list --host ''",
    code: 'usage',
    says: '--host is empty.',
    hint: null,
  },
  {
    name: 'an id that leaves the path',
    line: 'backup download ..',
    code: 'usage',
    says: "'..' is not a valid id.",
    hint: null,
  },
  {
    name: 'an invalid query',
    line: "daemon create --command top --server web-1 --query '['",
    code: 'usage',
    says: /^--query is not valid JMESPath/,
    hint: /jmespath\.org/,
  },
  {
    name: 'a broken settings file that may name the host',
    line: 'server list',
    code: 'usage',
    given: ({ directory }) => {
      mkdirSync(join(directory, 'config'));
      writeFileSync(join(directory, 'config', 'config.json'), '{');
      return { env: { DNX_HOST: undefined } };
    },
    says: /^The host is unknown because .*config\.json is broken\. Nothing was sent\.$/,
    hint: 'Fix or remove it, or use --host.',
  },
  {
    name: 'a link file that names the host',
    line: 'server list',
    code: 'usage',
    given: ({ directory }) => {
      writeFileSync(join(directory, '.deploynix.json'), '{"host":"link.test"}');
      return { env: { DNX_HOST: undefined } };
    },
    says: /\.deploynix\.json names the host https:\/\/link\.test, but a link file cannot choose the host\. Nothing was sent\.$/,
    hint: 'To use that host: --host https://link.test or DNX_HOST=https://link.test. To use https://deploynix.io: --host https://deploynix.io',
  },
  {
    name: 'a link file whose site is a list',
    line: 'site show',
    code: 'usage',
    given: ({ directory }) => {
      writeFileSync(join(directory, '.deploynix.json'), '{"site":["a.test"]}');
      return undefined;
    },
    says: /^The site is unknown because .*\.deploynix\.json is broken\.$/,
    hint: 'Fix or remove it, or use --site.',
  },
];
