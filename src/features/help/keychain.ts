import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Keychain',
  body: [
    'dnx login stores the token in the keychain of your operating system, one for each host and profile. It sends a token only to its own host.',
    [
      ['Linux', 'Secret Service: GNOME Keyring, KWallet, KeePassXC'],
      ['macOS', 'Keychain'],
      ['Windows', 'Credential Manager'],
    ],
    'If the keyring is locked, dnx waits up to 60 seconds for you to unlock it. Without a terminal it fails with exit code 1.',
    'On a machine without a keychain:',
    [
      ['DNX_TOKEN', 'Pass the token in the environment; nothing is stored'],
      ['--insecure-storage', 'dnx login stores it in a file that only you can read'],
    ],
    'Check it with: dnx doctor',
  ],
} satisfies Topic;
