import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'CI',
  body: [
    'Create a token that can do only what the pipeline does, and store it as the secret DNX_TOKEN:',
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
} satisfies Topic;
