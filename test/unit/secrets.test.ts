import { expect, test } from 'vitest';
import { holdsSecret, isHarmless, isSecretName } from '../../src/base/secrets.ts';
import { masked } from '../../src/features/why/logs/mask.ts';

test.each([
  'APP_KEY',
  'APP_PREVIOUS_KEYS',
  'DB_PASSWORD',
  'MAIL_PWD',
  'ADMIN_PW',
  'STRIPE_SECRET',
  'GITHUB_TOKEN',
  'AWS_ACCESS_KEY_ID',
  'SSH_KEY',
  'SENTRY_LARAVEL_DSN',
  'SLACK_WEBHOOK',
  'ADMIN_PIN',
  'HASH_SALT',
  'clientSecret',
  'private_key',
  'Authorization',
])('%s is the name of a secret', (name) => expect(isSecretName(name)).toBe(true));

test.each(['APP_NAME', 'public_key', 'PASSAGE', 'COMPASSIVE', 'author', 'ssh_keys', 'monkey', 'SHIPPING', 'SPIN_RATE'])(
  '%s is not',
  (name) => expect(isSecretName(name)).toBe(false),
);

test.each([
  'curl https://api.example.com/ping?token=abc123',
  'curl -H "Authorization: Bearer abcdef123456" https://example.com',
  'curl -u ada:hunter2 https://example.com',
  'curl -uada:hunter2 https://example.com',
  'curl -u sk1hunter2: https://example.com',
  "curl -b 'session=hunter2' https://example.com",
  'curl https://example.com/?key=hunter2',
  'curl https://ping.example.com/5f3c2e1a-8a4b-4c5d-9e1f-0a1b2c3d4e5f',
  'curl https://example.com/x7Gq2LmP9sT4vW8yZb3c',
  'php artisan report --key=hunter2',
  'redis-cli -h cache -a hunter2 ping',
  'sshpass -phunter2 ssh web',
  'docker login -u ada -p hunter2',
  'zip -P hunter2 dump.zip dump.sql',
  'openssl enc -k hunter2',
  'aws configure set aws_secret_access_key hunter2',
  'vault login hunter2',
  'echo hunter2 | sudo -S ls',
  'sshpass -p hunter2 ssh web-1',
  'https://maps.example.com/js?v=3&key=abc123',
  `php artisan import ${'a'.repeat(5_000)}`,
  'DB_PASSWORD=hunter2 php artisan backup:run',
  'mysqldump -uroot -phunter2 shop',
  'backup --password=hunter2',
  'backup --db-password hunter2',
  'https://ada:hunter2@example.com/',
  'https://hunter2@example.com/',
  'https://hooks.slack.com/services/T000/B000/XXXX',
  'ghp_abcdefghijklmnop',
  'base64:AAAAAAAAAAAAAAAAAAAAAAAA',
  '17|abcdefghijklmnopqrstuvwxyzabcdefghijklmn',
  '$2y$10$abcdefghijklmnopqrstuv',
])('%s holds a secret', (text) => expect(holdsSecret(text)).toBe(true));

test.each([
  'php8.3 /home/deploynix/shop.example.com/current/artisan schedule:run',
  'php artisan auth:clear-resets',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHx0yz1Qm2W9kLp3r4T5 ada@laptop',
  'sort -u names.txt',
  'php artisan passport:purge --hours=6',
  'php artisan queue:work --tries=3',
  'mysqldump -uroot -p$DB_PASSWORD shop',
  'DB_PASSWORD=$DB_PASSWORD php artisan backup:run',
  'backup --password=$(cat /run/secret)',
  'https://example.com/reset-password?step=2',
  'https://example.com:8080/author',
  '/auth/login',
])('%s holds none', (text) => expect(holdsSecret(text)).toBe(false));

test.each([
  ['APP_NAME', 'Example Shop'],
  ['APP_URL', 'https://shop.example.com'],
  ['DB_USERNAME', 'shop'],
  ['FEATURE_CARTS', 'true'],
  ['CART_DAYS', '30'],
  ['THEME', 'dark'],
])('%s=%s is harmless', (name, value) => expect(isHarmless(name, value)).toBe(true));

test.each([
  ['APP_KEY', 'base64:AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['APP_URL', 'https://ada:hunter2@shop.example.com'],
  ['DATABASE_URL', 'mysql://u:p@h/shop'],
  ['DB_HOST', 'ada:hunter2@db.example.com'],
  ['APP_URL', 'https://example.com/?token=$hunter2'],
  ['FTP_PW', 'hunter'],
  ['MAIL_PASSWORD', 'hunter'],
  ['ADMIN_PIN', '1234'],
  ['SMTP_CREDS', 'admin'],
  ['APP_PEPPER', 'salt'],
  ['BEARER', 'baseball'],
  ['LOGIN_TOTP', '123456'],
  ['ACCOUNT', '12345678'],
  ['LICENSE', 'ABCD-EFGH'],
  ['THEME', 'averyveryverylongwordwithoutblanks'],
  ['EMPTY_MAYBE', ''],
])('%s=%s may be a secret', (name, value) => expect(isHarmless(name, value)).toBe(false));

// By searching for it from every letter, this took minutes.
test('a word of many words is masked at once', () => {
  expect(masked(`${'secret'.repeat(1_500)} ${'secret'.repeat(10)}=hunter2`, [])).not.toContain('hunter2');
  expect(masked(`--${'secret'.repeat(10)}=hunter2`, [])).not.toContain('hunter2');
}, 5_000);
