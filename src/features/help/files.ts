import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Files and directories',
  body: [
    [
      ['.deploynix.json', 'Server, site and environments of a project: dnx link'],
      ['~/.config/dnx', 'DNX_CONFIG_DIR, or dnx in XDG_CONFIG_HOME'],
      ['  config.json', 'Profiles and settings: dnx config list'],
      ['  tokens.json', 'Unencrypted tokens: dnx login --insecure-storage'],
      ['~/.cache/dnx', 'DNX_CACHE_DIR, or dnx in XDG_CACHE_HOME; safe to delete'],
      ['  names.json', 'Names and ids that dnx has seen'],
      ['  compiled', 'Compiled code of dnx'],
      ['~/.local/state/dnx', 'DNX_STATE_DIR, or dnx in XDG_STATE_HOME'],
      ['  runs', 'Deployments that dnx watch can resume'],
      ['  branches', 'Branches to restore after dnx deploy --branch'],
      ['  env', 'Records of dnx env pull; values only as keyed hashes'],
      ['  budget.json', 'Requests of the last minute, for the rate limit'],
      ['  update.json', 'Latest release, and when dnx last checked for it'],
    ],
    'On Windows, the directories are %APPDATA%\\dnx, %LOCALAPPDATA%\\dnx\\cache and %LOCALAPPDATA%\\dnx\\state.',
    'Tokens are in the keychain of your operating system: dnx help keychain',
    '.deploynix.json is safe to commit: it holds no secrets, and cannot choose the host that a token is sent to. dnx doctor checks these files.',
  ],
} satisfies Topic;
