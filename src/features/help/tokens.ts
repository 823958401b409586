import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Tokens',
  body: [
    'A token can do only what its abilities allow. Give each script a token of its own, with the abilities its commands need.',
    [
      ['dnx token abilities', 'List abilities and the commands they allow'],
      ['dnx token create', 'Create a token; it is shown once'],
      ['  --for "deploy --wait"', 'With the abilities this command needs'],
      ['  --from-script deploy.sh', 'With the abilities a script or workflow needs'],
      ['  --preset ci-deploy', 'With a ready-made set of abilities'],
      ['  --ability site:deploy', 'With this ability'],
      ['dnx token rotate', 'Replace a token, then revoke the old one'],
      ['dnx token list --audit', 'Find tokens that are unused or can do too much'],
      ['dnx token revoke', 'Revoke a token'],
    ],
    'DNX_TOKEN overrides the token in the keychain. A token is never an argument: dnx login --with-token reads it from stdin.',
    'Commands: dnx help token. Storage: dnx help keychain',
  ],
} satisfies Topic;
