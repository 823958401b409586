import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'From the Laravel Cloud CLI',
  body: [
    [
      ['cloud auth', 'dnx login'],
      ['cloud auth:token --add', 'dnx login --with-token < token.txt'],
      ['cloud repo:config', 'dnx link shop.example.com'],
      ['cloud ship', 'dnx server create; dnx site create'],
      ['cloud deploy', 'dnx deploy'],
      ['cloud deploy:monitor', 'dnx watch'],
      ['cloud deployment:list', 'dnx releases'],
      ['cloud environment:list', 'dnx site list'],
      ['cloud environment:create', 'dnx site create staging.example.com'],
      ['cloud environment:logs --live', 'dnx logs -f'],
      ['cloud environment:variables', 'dnx env push'],
      ['cloud command:run', 'dnx artisan migrate:status'],
      ['cloud background-process:create', 'dnx queue create; dnx daemon create'],
      ['cloud database:create', 'dnx database create shop --server db-1'],
      ['cloud database:open', 'dnx db tunnel'],
      ['cloud database-snapshot:create', 'dnx backup create --database shop'],
      ['cloud browser', 'dnx open'],
      ['cloud dashboard', 'dnx open --dashboard'],
      ['cloud completions', 'dnx completion install'],
    ],
    'No counterpart: bucket, cache, domain, instance, ip:addresses, and those for websockets.',
    'What is different:',
    [
      ['Servers', 'Sites run on servers, which you create and size: dnx help server. Nothing scales or hibernates on its own.'],
      [
        'Environments',
        'Each is a site with one domain, and --env names it in .deploynix.json. On a terminal, you are prompted for what is missing.',
      ],
      ['Variables', 'Kept at Deploynix, and written to .env on every deployment'],
      ['Tokens', 'Can do only what their abilities allow: dnx help tokens'],
    ],
  ],
} satisfies Topic;
