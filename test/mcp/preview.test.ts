import { expect, test } from 'vitest';
import type { SiteStatus } from '../../src/features/status/status.ts';
import { seeded } from '../../src/sandbox/index.ts';
import { perTest } from '../support/fixtures.ts';
import { putPreview } from '../support/known-preview.ts';
import { openPreviewBed, previewLink } from '../support/preview-bed.ts';
import { approve, dataIn, openAgent } from './client.ts';

const bed = perTest(() => openPreviewBed());

test('a person approves a preview as one plan, which shows no password and no key', async () => {
  bed.push('feature/cart');
  const run = { cwd: bed.clone.directory, env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null' } };
  const agent = await openAgent(bed.bed, '', { fill: approve, run });
  const changes = dataIn(await agent.change('preview', 'up', 'feature/cart')) as readonly Record<string, unknown>[];
  const { state } = bed.sandbox;
  const site = state.sites.find(({ branch }) => branch === 'feature/cart');
  expect(changes.at(-1)).toMatchObject({ outcome: 'started', follow: ['watch', site?.id, '--server', site?.server_id] });
  expect(agent.forms.length).toBe(1);
  expect(agent.forms[0]?.message).toContain(`+ create site ${site?.domain} on server previews-1`);
  const secrets = state.environment_variables.filter(({ site_id, key }) => site_id === site?.id && /^(APP_KEY|DB_PASSWORD)$/.test(key));
  expect(secrets.length).toBe(2);
  for (const { value } of secrets) expect(JSON.stringify([agent.forms, changes])).not.toContain(value);
  expect((await agent.read('preview', 'list')).text).toContain(`"site":"${site?.domain}"`);
  expect(await agent.end()).toExit(0);
});

test.each(['--site shop.example.com', '--server web-1'])(
  'a session with %s does not take previews that it cannot see for none',
  async (limit) => {
    const { sandbox, clock, clone } = bed;
    putPreview(sandbox.state, clock.now(), 'feature/cart', { host: sandbox.url, server: seeded.servers['web-1'] });
    bed.link(previewLink({ server: 'web-1' }));
    const run = { cwd: clone.directory, env: { PATH: process.env.PATH, GIT_CONFIG_GLOBAL: '/dev/null' } };
    const statusIn = async (line: string) => {
      const agent = await openAgent(bed.bed, line, { run });
      const { previews, errors } = dataIn(await agent.read('status', 'shop.example.com')) as SiteStatus;
      const { isError } = await agent.read('preview', 'list');
      expect(await agent.end()).toExit(0);
      return [previews, Boolean(errors.previews), isError];
    };
    expect(await statusIn('')).toEqual([{ count: 1, overdue: 0 }, false, false]);
    expect(await statusIn(limit)).toEqual([null, true, true]);
  },
);
