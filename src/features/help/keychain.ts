import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Keychain',
  body: [
    'dnx login stores one token per host and profile in the keychain of your operating system. A token is sent only to its own host.',
    [
      ['Linux', 'Secret Service: GNOME Keyring, KWallet, KeePassXC'],
      ['macOS', 'Keychain'],
      ['Windows', 'Credential Manager'],
    ],
    'If the keyring is locked, dnx waits up to 60 seconds for you to unlock it. Without a terminal, it exits 1 right away.',
    'On a machine without a keychain:',
    [
      ['DNX_TOKEN', 'Environment variable with the token; nothing is stored'],
      ['--insecure-storage', 'Option of dnx login: store the token in a file that only you can read'],
    ],
    'Check it with: dnx doctor',
  ],
} satisfies Topic;
