import { expect } from 'vitest';
import { missingId, testGroup } from '../support/cases.ts';

const blog = '01JQ8Z4T9G0000000000GR0002';
const everySite = 'This affects every site that uses the repository.';

testGroup('git-repository', {
  list: {
    line: 'list',
    table: ['AUTO-DEPLOY', 'example/shop', 'yes', 'example/blog', 'no'],
    json: [{ name: 'example/shop' }, { id: blog }, { name: 'example/api' }],
    ability: 'provider:read',
  },
  show: {
    line: 'show example/blog',
    table: ['Name          example/blog', 'Auto-deploy   no', 'Deploy key    –'],
    json: { id: blog, deploy_key: null },
    ability: 'provider:read',
    missing: 'show example/nothing',
  },
  'create with a provider name': {
    line: 'create example/docs --git-provider-id GitHub',
    table: ['Name          example/docs'],
    json: { name: 'example/docs', git_provider_id: '01JQ8Z4T9G0000000000GP0001' },
    ability: 'provider:create',
    missing: 'create example/docs --git-provider-id Nowhere',
    invalid: [`create example/docs --git-provider-id ${missingId}`, 'git_provider_id'],
  },
  update: {
    line: 'update example/blog --name example/journal',
    table: ['Name          example/journal'],
    json: { id: blog, name: 'example/journal' },
    ability: 'provider:update',
    missing: `update ${missingId} --name example/x`,
    invalid: ['update example/blog --name blog', 'name'],
  },
  delete: {
    line: 'delete example/blog --yes',
    table: ['Deleted repository example/blog'],
    json: { id: blog, deleted: true },
    ability: 'provider:delete',
    missing: `delete ${missingId} --yes`,
  },
  'setup-deploy-key': {
    line: 'setup-deploy-key example/blog',
    table: ['✓ Created a deploy key for example/blog\n', 'Deploy key    ssh-ed25519 '],
    json: { id: blog, deploy_key: expect.stringContaining('ssh-ed25519') },
    says: everySite,
    ability: 'provider:update',
    missing: `setup-deploy-key ${missingId}`,
  },
  'enable-auto-deploy': {
    line: 'enable-auto-deploy example/blog',
    table: ['✓ Turned on auto-deploy for example/blog\n', 'Auto-deploy   yes'],
    json: { id: blog, auto_deploy_enabled: true },
    says: everySite,
    ability: 'provider:update',
    missing: `enable-auto-deploy ${missingId}`,
  },
  'disable-auto-deploy': {
    line: 'disable-auto-deploy example/shop',
    table: ['✓ Turned off auto-deploy for example/shop\n', 'Auto-deploy   no'],
    json: { auto_deploy_enabled: false },
    says: everySite,
    ability: 'provider:update',
    missing: `disable-auto-deploy ${missingId}`,
  },
});
