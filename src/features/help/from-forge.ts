import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'From the Laravel Forge CLI',
  body: [
    [
      ['forge login', 'dnx login'],
      ['forge server:list', 'dnx server list'],
      ['forge server:switch', 'dnx link shop.example.com'],
      ['forge server:current', 'dnx status'],
      ['forge site:list', 'dnx site list'],
      ['forge deploy', 'dnx deploy'],
      ['forge deploy:logs', 'dnx logs --source deploy; dnx why'],
      ['forge site:logs --follow', 'dnx logs -f'],
      ['forge nginx:logs', 'dnx logs web-1 --source nginx'],
      ['forge php:logs', 'dnx logs web-1 --source php'],
      ['forge env:pull, env:push', 'dnx env pull; dnx env push'],
      ['forge command', 'dnx ssh shop.example.com -- npm run build'],
      ['forge tinker', 'dnx tinker'],
      ['forge ssh', 'dnx ssh web-1'],
      ['forge ssh:configure', 'dnx ssh-key create laptop --public-key @key.pub'],
      ['forge database:shell', 'dnx db shell'],
      ['forge daemon:list, daemon:status', 'dnx daemon list'],
      ['forge daemon:restart', 'dnx daemon restart "php artisan horizon"'],
      ['forge daemon:logs', 'dnx logs web-1 --source daemon'],
      ['forge database:logs', 'dnx logs db-1'],
      ['forge open', 'dnx open --dashboard'],
    ],
    'No counterpart: restart and status of nginx, php and database. dnx server restart restarts the machine.',
    'What is different:',
    [
      [
        'Project',
        'dnx link writes .deploynix.json, so that commands in the project need no site. There is no current server. On a terminal, you are prompted for what is missing.',
      ],
      ['Releases', 'Zero-downtime sites keep releases: dnx rollback switches back'],
      ['Variables', 'Kept at Deploynix, and written to .env on every deployment'],
      ['Tokens', 'Can do only what their abilities allow: dnx help tokens'],
    ],
  ],
} satisfies Topic;
