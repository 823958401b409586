import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'Tokens',
  body: [
    'A token can do only what its abilities allow. Give each script its own token, with only the abilities it needs.',
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
    'DNX_TOKEN overrides every stored token. Never pass a token as an argument: dnx login --with-token reads it from stdin.',
    'Commands: dnx help token. Storage: dnx help keychain',
  ],
} satisfies Topic;
