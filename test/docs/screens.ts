import { SEED_EMAIL, SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { keys } from '../support/terminal.ts';
import type { Screen } from './screen.ts';

/** The pictures of docs/screens. */
export const screens: readonly Screen[] = [
  {
    name: 'login',
    words: ['login'],
    stage: { signedOut: true },
    answers: [
      [/Host:/, keys.enter],
      [/Email:/, `${SEED_EMAIL}${keys.enter}`],
      [/Password:/, `${SEED_PASSWORD}${keys.enter}`],
      [/able to do\?/, keys.enter],
    ],
  },
  { name: 'help', words: ['--help'] },
  { name: 'site-list', words: ['site', 'list'] },
  { name: 'server-list', words: ['server', 'list'] },
  { name: 'deploy', words: ['deploy', 'shop.example.com'] },
  { name: 'deploy-failed', words: ['deploy', 'shop.example.com'], stage: { failDeploys: true } },
  { name: 'status', words: ['status'], directory: 'shop', before: ['link', 'shop.example.com'] },
  { name: 'changes', words: ['changes', 'shop.example.com'], directory: 'shop' },
  {
    name: 'plan',
    words: ['crontab', 'update', '/usr/local/bin/rotate-logs', '--frequency', '0 7 * * *', '--server', 'web-2', '--dry-run'],
    columns: 100,
  },
  { name: 'apply', words: ['apply'], directory: 'shop', hasState: true, until: /Apply 3 changes\?.*\([Yy]\/[Nn]\)/ },
  { name: 'drift', words: ['drift'], directory: 'shop', hasState: true },
  { name: 'rollback', words: ['rollback', 'shop.example.com'], until: /⏎ select/ },
  { name: 'why', words: ['why', 'shop.example.com'], inSandbox: { after: ['dnx deploy shop.example.com'], failDeploys: 'composer' } },
  {
    name: 'sweep',
    words: ['preview', 'sweep'],
    inSandbox: {
      after: [
        'cd "$DNX_SANDBOX/shop"',
        'git push origin main:gift-cards main:fix/vat',
        'dnx preview up gift-cards --yes',
        'dnx preview up develop --ttl 1h --yes',
        'dnx preview up fix/vat --yes',
        'git push origin :gift-cards',
        'sleep 3600',
      ],
    },
    columns: 100,
    until: /shop\.example\.com.*to continue/,
  },
  { name: 'audit', words: ['audit', '--server', 'web-1'], columns: 100 },
  { name: 'not-found', words: ['deploy', 'shop.exmaple.com'], until: /Did you mean.*\([Yy]\/[Nn]\)/ },
  { name: 'doctor', words: ['doctor'], columns: 100 },
  { name: 'auth-status', words: ['auth', 'status'] },
];
