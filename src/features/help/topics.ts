import type { Line, Topic } from '../../cli/language/command.ts';
import { globals } from '../../cli/language/globals.ts';
import { optionSections } from '../../cli/run/help/page.ts';
import { type Variable, variableGroups } from '../../machine/settings/variables.ts';

/** The first paragraph about the environment. */
export const environmentIntro =
  'Options override environment variables, which override .deploynix.json, which overrides the profile. To turn a switch off, leave it unset or set it to 0, false or no.';

/** What a variable does, and what applies without it. */
export const variableLine = ({ name, help, fallback }: Variable): Line => [
  name,
  fallback === undefined ? help : `${help} (default${fallback.includes(' ') ? ':' : ''} ${fallback})`,
];

const [[, everywhere] = ['', []]] = optionSections(globals);

/** What `dnx help` says, by topic. */
export const topicTexts = {
  options: {
    title: 'Global options',
    body: [
      everywhere,
      'Options that many commands take:',
      [
        ['--server, --site <name>', 'Server: name or IP; site: domain; or their ids'],
        ['-y, --yes, --confirm <name>', 'Confirm; by name if it cannot be undone'],
        ['--[no-]wait, --timeout <time>', 'See dnx help waiting'],
      ],
    ],
  },
  output: {
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
      'With --json, an error is one line of JSON on stderr. See dnx schema. A long list is printed as it is read, except as a table or YAML. If a later page fails, the error says that the output is incomplete.',
      { run: ["dnx server list -o text --query '[].ip_address'", `dnx server list --query "[?php_version=='8.3']"`] },
    ],
  },
  names: {
    title: 'Names and ids',
    body: [
      'Anything has a name or an id: a ULID, a UUID or a whole number.',
      [
        ['Server', 'Name or IP address'],
        ['Site', 'Domain, or server/domain if several servers have it'],
        ['Worker, redirect', 'Queue; path'],
        ['Daemon, cron job', 'Command, or a unique beginning of it'],
        ['Firewall rule', 'Name or port'],
        ['Certificate', 'Domain'],
        ['Backup', 'Id, or --latest'],
        ['Anything else', 'Name, or key of a variable'],
      ],
      'A site comes first: dnx env get shop.example.com APP_URL. Or use -s, --site.',
      'Without a server or site, dnx uses the first of these that names one:',
      [
        ['1.', 'DNX_SERVER, DNX_SITE'],
        ['2.', '.deploynix.json in this directory or above: dnx link'],
        ['3.', 'The profile: dnx config set site shop.example.com'],
      ],
      'On a terminal, dnx asks about a missing, wrong or ambiguous name. Elsewhere, it exits 2 if one is missing, and otherwise 6. --no-cache looks up names again.',
    ],
  },
  'exit-codes': {
    title: 'Exit codes',
    body: [
      [
        ['0', 'Success, an empty list, or nothing to change'],
        ['1', 'Failed: deployment, backup or restore, API error, or a bug; or canceled'],
        ['2', 'Usage: unknown option, missing value, or cannot prompt'],
        ['4', 'Not signed in, or the token was rejected (401)'],
        ['5', 'Forbidden: ability, role or plan (403), or DNX_READ_ONLY'],
        ['6', 'Not found (404), or ambiguous'],
        ['7', 'Rejected by validation or a plan limit (422)'],
        ['9', 'Rate limited for too long (429)'],
        ['10', 'Differences, audit findings, a conflict, or stopped by --guard'],
        ['11', 'The deployment failed verification and was rolled back'],
        ['12', 'Some of several targets failed, or could not be audited'],
        ['13', 'Network: DNS, TLS, connection or no answer'],
        ['124', '--timeout reached; the remote work continues'],
        ['129, 130, 143', 'Interrupted by SIGHUP, Ctrl-C or SIGTERM; the remote work continues'],
        ['any', 'dnx ssh, artisan, db shell, env run: exit code of the program'],
      ],
      'With --json, the error on stderr has a "code" such as "not_found".',
      'Waiting and outcomes: dnx help waiting',
    ],
  },
  environment: {
    title: 'Environment variables',
    body: [
      environmentIntro,
      ...variableGroups.flatMap(({ title, system, variables }) =>
        system ? [`${title}: ${variables.map(({ name }) => name).join(', ')}`] : [`${title}:`, variables.map(variableLine)],
      ),
      'The settings in effect: dnx config list',
    ],
  },
  files: {
    title: 'Files and directories',
    body: [
      [
        ['.deploynix.json', 'Server, site and environments of a project: dnx link'],
        ['~/.config/dnx', 'DNX_CONFIG_DIR, or dnx in XDG_CONFIG_HOME'],
        ['  config.json', 'Profiles and settings: dnx config list'],
        ['  tokens.json', 'Unencrypted tokens: dnx login --insecure-storage'],
        ['  leases', 'Tokens of dnx agent run and dnx token lease, by id'],
        ['~/.cache/dnx', 'DNX_CACHE_DIR, or dnx in XDG_CACHE_HOME; safe to delete'],
        ['  names.json', 'Names and ids that dnx has seen'],
        ['~/.local/state/dnx', 'DNX_STATE_DIR, or dnx in XDG_STATE_HOME'],
        ['  runs, plans, proposed', 'Deployments and plans to resume, or to approve'],
        ['  history', 'Changes that dnx sent, without secrets: dnx history'],
        ['  env', 'Records of dnx env pull; values only as keyed hashes'],
        ['  budget.json', 'Requests of the last minute, for the rate limit'],
        ['  update.json', 'Latest release, and when dnx last checked for it'],
      ],
      'On Windows: %APPDATA%\\dnx, %LOCALAPPDATA%\\dnx\\cache, %LOCALAPPDATA%\\dnx\\state',
      'Tokens are in the keychain of your operating system: dnx help keychain',
      '.deploynix.json is safe to commit: it holds no secrets, and cannot choose the host that a token is sent to. dnx doctor checks these files.',
    ],
  },
  tokens: {
    title: 'Tokens',
    body: [
      'An ability is a permission of a token, such as site:deploy. Give each script its own token, with only the abilities it needs.',
      [
        ['dnx token abilities', 'List abilities and the commands they allow'],
        ['dnx token create', 'Create a token; it is shown once'],
        ['  --for "deploy --wait"', 'With the abilities this command needs'],
        ['  --from-script deploy.sh', 'With the abilities a script or workflow needs'],
        ['  --preset ci-deploy', 'With a named set of abilities'],
        ['  --ability site:deploy', 'With this ability'],
        ['dnx token rotate', 'Replace a token, then revoke the old one'],
        ['dnx token list --audit', 'Find tokens that are unused or can do too much'],
        ['dnx token revoke', 'Revoke a token'],
      ],
      'An ability counts for every server and site. The API states none for /tokens, so any token may be able to create another one: keep each of them secret.',
      'DNX_TOKEN overrides every stored token. Never pass a token as an argument: dnx login --with-token reads it from stdin.',
      'Commands: dnx help token. Storage: dnx help keychain',
    ],
  },
  keychain: {
    title: 'Keychain',
    body: [
      'dnx login stores one token per host and profile in the keychain of your operating system. A token is sent only to its own host.',
      [
        ['Linux', 'Secret Service: GNOME Keyring, KWallet, KeePassXC'],
        ['macOS', 'Keychain'],
        ['Windows', 'Credential Manager'],
      ],
      'If the keyring is locked, dnx waits up to 60 seconds for you to unlock it. Without a terminal, it exits 1 right away.',
      'On a machine without a keychain, dnx login asks whether to store the token in a file. Without a terminal:',
      [
        ['DNX_TOKEN', 'Environment variable with the token; nothing is stored'],
        ['--insecure-storage', 'Option of dnx login: store the token in a file that only you can read'],
      ],
      'Check it with: dnx doctor',
    ],
  },
  waiting: {
    title: 'Waiting',
    body: [
      'Deployments, rollbacks, backups, restores, certificates and new servers take time. By default, dnx waits for the result if the token can read it, and the exit code tells you the outcome.',
      [
        ['--wait', 'Always wait'],
        ['--no-wait', 'Return as soon as the work is requested'],
        ['--timeout 5m', 'Stop waiting after 5 minutes (default 15m): exit 124'],
        ['--notify URL', 'Then post the outcome to a URL, or run a command'],
        ['Ctrl-C', 'Stop waiting: exit 130'],
      ],
      'None of these cancels the remote work. Resume with dnx watch, or read the status with dnx site show, dnx server show or dnx backup list.',
      'If the site is already being deployed:',
      [
        ['--if-running attach', 'Wait for that deployment instead of starting one'],
        ['--if-running wait', 'Wait for it to finish, then deploy'],
        ['--if-running fail', 'Deploy nothing: exit 10'],
      ],
      'Outcomes in JSON: succeeded, failed, started, timed_out, superseded, rolled_back, unknown',
    ],
  },
  ci: {
    title: 'CI',
    body: [
      'Create a token with the abilities that the pipeline needs, and store it as the secret DNX_TOKEN:',
      { run: ['dnx token create ci --for "deploy --wait"', 'dnx token create ci --from-script .github/workflows/deploy.yml'] },
      'In the pipeline:',
      { run: ['npx deploynix-cli deploy "$SITE" --server "$SERVER" --verify /up'] },
      [
        ['Ids', 'Need fewer abilities than names'],
        ['Prompts', 'None if CI is set; dnx exits 2 and names the missing option'],
        ['--json', 'One object with the outcome on stdout'],
        ['--result-file <file>', 'The same object in a file'],
        ['--ci', 'Annotations, outputs and a summary (default in GitHub Actions)'],
        ['DNX_NOTIFY', 'A webhook that gets the outcome, as a secret'],
        ['--guard', 'Stop for migrations or missing variables: exit 10'],
        ['--rollback-on-fail', 'Roll back if verification fails: exit 11'],
      ],
      'Test a script against a local API with: dnx sandbox run -- ./deploy.sh',
    ],
  },
} satisfies Record<string, Topic>;
