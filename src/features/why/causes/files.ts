import { wordOf } from '../../../base/text.ts';
import type { Facts } from '../facts.ts';
import { artisanFix, deployFix, type FixOf, ofSite, siteFix, sshSite, step } from '../fixes.ts';
import type { Incident } from '../incident.ts';
import { type Cause, type FoundCause, matchedGroup, shown, stateLine } from './cause.ts';
import { variableNow } from './environment.ts';

const owner = ({ facts, line }: FoundCause): readonly FixOf[] =>
  /\b(?:storage|bootstrap\/cache)\b/.test(line.text)
    ? [
        sshSite('See who owns them', 'ls', '-la', 'storage/', 'storage/logs', 'bootstrap/cache'),
        sshSite(
          'Take them back',
          'sudo',
          'chown',
          '-R',
          `${wordOf(facts.server?.ssh_user) || 'deploynix'}:`,
          'storage/',
          'bootstrap/cache',
        ),
        deployFix('Then deploy again'),
      ]
    : [step('Give the path in this line to the user that deploys, with sudo chown'), deployFix('Then deploy again')];

/** A new APP_KEY. */
const newKey: readonly FixOf[] = [
  artisanFix('Make a key', 'key:generate', '--show'),
  ofSite('Store it', 'env', 'set', 'APP_KEY', '--from-file', '-'),
  deployFix(),
];

/** Files, directories and their permissions. */
export const files: readonly Cause[] = [
  shown(
    'permissions',
    'A file or directory is not writable',
    90,
    [
      /(?:Failed to open stream|failed to open stream): Permission denied/,
      /could not be opened in append mode/,
      /(?:bootstrap\/cache|storage\/\S*) directory must be present and writable/,
      /^(?:mkdir|rm|cp|mv|ln|chmod|chown|touch|tar|rsync|find|unlink|install)\b.*: (?:Permission denied|Operation not permitted)/,
      /\bEACCES\b: permission denied/,
      /^error: (?:unable to (?:unlink old|create file)|could not lock config file|cannot open) .*: Permission denied/,
      /^fatal: (?:could not create|cannot mkdir|Unable to create) .*: Permission denied/,
      /(?:rename|unlink|mkdir|chmod|touch|symlink)\([^)]*\): (?:Permission denied|Operation not permitted)/,
      /^\S+: (?:line )?\d+: .*: Permission denied$/,
    ],
    owner,
  ),
  {
    id: 'storage_unwritable',
    title: 'Laravel cannot write to its storage',
    rank: 72,
    about: 'site',
    state: ({ machine }) => machine?.unwritable.map((line) => stateLine('state', line)) ?? [],
    fixes: owner,
  },
  shown(
    'views_path',
    'The directory for cached views is missing',
    88,
    [/Please provide a valid cache path/],
    [sshSite('Create it', 'mkdir', '-p', 'storage/framework/views', 'storage/framework/cache', 'storage/framework/sessions'), deployFix()],
  ),
  shown(
    'vendor_missing',
    'The dependencies are not installed: vendor/autoload.php is missing',
    70,
    [
      /(?:Failed opening required|failed to open stream|Failed to open stream)[^\n]*vendor\/autoload\.php/i,
      /require\([^)]*vendor\/autoload\.php\)/,
    ],
    [step('Run composer install in the deploy script'), deployFix()],
  ),
  shown(
    'vite_manifest',
    'The built assets are missing',
    88,
    [/Vite manifest not found at: \S+/, /Unable to locate file in Vite manifest: (\S+)/, /Mix manifest (?:not found at|does not exist)/],
    [step('Run npm ci && npm run build in the deploy script'), deployFix()],
  ),
  shown(
    'release_missing',
    (found) => `The live release is missing: current points to ${matchedGroup(found, 'nothing')}`,
    95,
    [],
    [siteFix('releases', 'See the releases'), deployFix()],
    { always: true, state: ({ machine }: Facts) => (machine?.dangling ? [stateLine('state', `current -> ${machine.dangling}`)] : []) },
  ),
  {
    id: 'maintenance',
    title: 'The site is in maintenance mode',
    rank: 93,
    state: ({ machine, answer }: Facts, { kind }: Incident) =>
      machine?.down && kind === 'site' && answer?.status === 503 ? [stateLine('state', 'storage/framework/down exists')] : [],
    fixes: [artisanFix('End it', 'up')],
  },
  shown('env_key_missing', 'APP_KEY is not set', 92, [/No application encryption key has been specified/], newKey, {
    resolved: (found) => variableNow(found, 'APP_KEY'),
  }),
  shown('env_key_invalid', 'APP_KEY is not valid', 92, [/Unsupported cipher or incorrect key length/], newKey),
  shown(
    'env_key_changed',
    'APP_KEY is not the one that the data was encrypted with',
    85,
    [/\bDecryptException\b.*\bThe MAC is invalid\./],
    [ofSite('Put the old key back, or add it to APP_PREVIOUS_KEYS', 'env', 'edit'), deployFix()],
  ),
  shown(
    'passport_keys',
    'The keys of Passport are missing',
    85,
    [/Key path "[^"]*oauth-(?:private|public)\.key\\*" does not exist or is not readable/],
    [artisanFix('Create them', 'passport:keys'), step('Keep them in shared/storage, or set PASSPORT_PRIVATE_KEY and PASSPORT_PUBLIC_KEY')],
  ),
  shown(
    'env_invalid',
    'The .env file is not valid',
    93,
    [/The environment file is invalid!/, /Failed to parse dotenv file\./],
    [ofSite('Edit the variables', 'env', 'edit'), deployFix()],
  ),
  shown(
    'env_file_missing',
    'The .env file is missing',
    88,
    [
      /file_get_contents\([^)]*\.env\): Failed to open stream: No such file/i,
      /^(?:cp|ln|cat|source|\.): .*\.env['’]?: No such file or directory/,
    ],
    [ofSite('See the variables', 'env', 'list'), deployFix()],
  ),
];
