/** A state file with every kind, in its long and short forms. */
export const complete = `# yaml-language-server: $schema=deploynix.schema.json
servers:
  web-1:
    monitoring: true
    databases:
      shop: { users: { shop: {}, admin: { password: 'op://prod/db/admin' }, app: { password: 'file://.env.shop#DB_PASSWORD' } } }
    crontabs:
      - { command: php artisan schedule:run, frequency: '* * * * *' }
    daemons: [{ command: php artisan horizon, processes: 2 }, php artisan reverb:start]
    network_rules: [8080, { port: 8000:8100, source: 10.0.0.0/8 }]
    ssh_keys: { ada@laptop: ssh-ed25519 AAAA, eve: { public_key: 'file://keys/eve.pub' } }
  web-2: { databases: [one, two] }
sites:
  shop.example.com:
    server: web-1
    repository: acme/shop
    php_version: 8.10
    zero_downtime: true
    suspended: false
    env:
      APP_NAME: Shop
      VERSION: 010
      EMPTY: ''
      LITERAL: { text: 'op://not/a/reference' }
      MAIL_PASSWORD: op://prod/mail/password
      LONG: { value: 1e3, fields: { is_build: 'yes' } }
    secrets: [APP_KEY]
    queues: [default, { queue: mails, processes: 3 }]
    redirects: [{ from: /old, to: /new, type: 301 }]
    certificates: true
    owns: [redirects]
  web-2/shop.example.com: { new: true }
  new.example.com: { renamed_from: old.example.com, env_file: .env.new }
repositories:
  acme/shop: { auto_deploy: true, git: GitHub }
`;

const inSite = (text: string): string => `sites: { shop.example.com: { ${text} } }`;

/** State files that neither dnx nor an editor with the schema takes. */
export const refused: readonly string[] = [
  '[web-1]',
  'server: {}',
  'servers: { web-1: { databses: [] } }',
  inSite('branhc: main'),
  inSite('git_repository_id: 5'),
  inSite('branch: [main]'),
  inSite('suspended: yes'),
  inSite('queues: [{ queue: default, processes: many }]'),
  inSite('queues: [{ processes: 1 }]'),
  inSite('queues: { default: {} }'),
  inSite('env: [APP_KEY]'),
  inSite('env: { A: { new: true } }'),
  inSite('secrets: { APP_KEY: x }'),
  inSite('env_file: [.env]'),
  inSite('certificates: false'),
  inSite('certificates: [{ domain: a.example.com, private_key: abc }]'),
  inSite('new: false'),
  inSite('owns: [redirect]'),
  'servers: { web-1: { databases: { shop: { users: { shop: { password: x } } } } } }',
  'servers: { web-1: { databases: { shop: { renamed_from: old } } } }',
  'servers: { web-1: { databases: [], owns: [databases] } }',
];
