import { command, group } from '../cli/language/command.ts';
import { argument, flag, list, text, toggle } from '../cli/language/options.ts';
import { listOf } from '../cli/language/shape.ts';
import { readsOf } from '../platform/kinds.ts';

const options = {
  server: list('Only this server, by its name there', 'name'),
  as: list('Name of a server at Deploynix, if it is another', 'OLD=NEW'),
  dir: text('Directory to write to (default: this one)', 'dir'),
  with_token: flag('Read the token from stdin, or type it'),
  dry_run: flag('Show what would be written, without writing'),
  force: flag('Overwrite files without a question'),
};

/** What the commands that read another platform have in common. */
const importing = (platform: string, variable: string) =>
  ({
    description: [
      'Reads servers, sites and what they have, with GET requests alone, and writes deploynix.yml, .env.DOMAIN for each site, and import.yml: where each site was, and what was not moved, with the reason. dnx apply --create sends the state file. Nothing is sent to Deploynix, and no sign-in is needed.',
      `The token of ${platform} is in ${variable}, piped with --with-token, or typed. It is not stored. Servers are not created: create them first, under the same names or those of --as.`,
    ].join('\n\n'),
    exits: `4 no token, or ${platform} rejects it; 5 the token may not read some lists; 12 some could not be read`,
    effect: 'local',
    reach: 'account',
    reveals: 'values',
    prints: async () => (await import('../features/import/import.ts')).importShape,
  }) as const;

const forge = command({
  name: 'forge',
  summary: 'Write state files from an organization of Laravel Forge',
  ...importing('Forge', 'FORGE_TOKEN'),
  options: { organization: text('Organization, if the token sees several', 'slug'), ...options },
  examples: [
    'forge --dry-run',
    'forge --server app-1 --as app-1=web-1 --dir moved',
    'forge --organization acme --with-token --force < token.txt',
  ],
  async run(ctx, { options }) {
    return (await import('../features/import/import.ts')).importFrom(ctx, 'forge', options);
  },
});

const ploi = command({
  name: 'ploi',
  summary: 'Write state files from an account of Ploi',
  ...importing('Ploi', 'PLOI_TOKEN'),
  options,
  examples: ['ploi --dry-run', 'ploi --server web-1 --as web-1=app-1 --dir moved', 'ploi --with-token --force < token.txt'],
  async run(ctx, { options }) {
    return (await import('../features/import/import.ts')).importFrom(ctx, 'ploi', options);
  },
});

const verify = command({
  name: 'verify',
  // Who writes import.yml decides which addresses are read.
  reach: 'machine',
  summary: 'Compare imported sites with where they were',
  description: [
    'Reads import.yml and deploynix.yml, and shows both sides of each site: the rows of its tables, counted over SSH; how it answers by its own name at the address of each server, and the certificates there; and which variables, workers, daemons and cron jobs of deploynix.yml Deploynix has.',
    'Changes nothing on either side. SSH uses your keys and known hosts and asks nothing, so connect to each server once before. Tables that change all the time, such as sessions and jobs, are not counted.',
  ].join('\n\n'),
  exits: '5 the token cannot read all of it; 10 a side differs; 12 something could not be read',
  calls: readsOf(['server', 'site', 'variable', 'queue', 'daemon', 'crontab']),
  options: {
    sites: argument(list('Only these sites', 'site')),
    server: list('Only what is on this server, by its name at Deploynix', 'server'),
    dir: text('Directory of import.yml and deploynix.yml (default: the working directory)', 'directory'),
    path: text('Path to request (default /)', 'path'),
    tables: toggle('Count the rows of tables (default)'),
    requests: toggle('Request the sites (default)'),
  },
  prints: async () => listOf((await import('../features/import/verify-rows.ts')).verifyRow),
  examples: ['verify', 'verify shop.example.com --path /up', 'verify --server web-1 --no-tables', 'verify --json'],
  run: async (ctx, { options: { sites = [], server = [], dir = '.', path = '/', tables = true, requests = true } }) =>
    (await import('../features/import/verify.ts')).verifyImport(ctx, { sites, servers: server, dir, path, tables, requests }),
});

export default group({ name: 'import', commands: [forge, ploi, verify] });
