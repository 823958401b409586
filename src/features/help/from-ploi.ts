import type { Topic } from '../../cli/language/topic.ts';

export default {
  title: 'From the Ploi CLI',
  body: [
    [
      ['ploi token', 'dnx login'],
      ['ploi init', 'dnx link shop.example.com'],
      ['ploi deploy', 'dnx deploy'],
      ['ploi deploy --schedule', 'dnx site schedule --at 2099-12-01T02:00'],
      ['ploi logs:stream', 'dnx watch'],
      ['ploi env:pull, env:push', 'dnx env pull; dnx env push'],
      ['ploi ssh', 'dnx ssh web-1'],
      ['ploi server:list, site:list', 'dnx server list; dnx site list'],
      ['ploi server:logs, site:logs', 'dnx logs web-1; dnx logs'],
      ['ploi site:create', 'dnx site create shop.example.com'],
      ['ploi site:edit', 'dnx site update --domain example.com'],
      ['ploi site:suspend, site:resume', 'dnx site suspend; dnx site resume'],
      ['ploi site:secure', 'dnx certificate create shop.example.com'],
      ['ploi repository:install', 'dnx git-repository create ada/shop'],
      ['ploi redirect:create', 'dnx redirect create /old /new'],
      ['ploi database:create', 'dnx database create shop'],
      ['ploi database:create-user', 'dnx database-user create shop --database shop'],
      ['ploi cronjob:list', 'dnx crontab list'],
      ['ploi daemon:restart', 'dnx daemon restart "php artisan horizon"'],
      ['ploi network-rule:create', 'dnx network-rule create 8080'],
    ],
    'No counterpart: alias, auth-user, tenant, test-domain, opcache, server:insights, service:restart, daemon:toggle and database:duplicate.',
    'What is different:',
    [
      [
        'Project',
        'dnx link writes .deploynix.json, so that commands in the project need no site. On a terminal, you are prompted for what is missing.',
      ],
      ['Output', 'A deployment shows its state; its output is in the dashboard. If it fails, dnx why finds the cause.'],
      ['Releases', 'Zero-downtime sites keep releases: dnx rollback switches back'],
      ['Variables', 'Kept at Deploynix, and written to .env on every deployment'],
      ['Tokens', 'Can do only what their abilities allow: dnx help tokens'],
    ],
  ],
} satisfies Topic;
