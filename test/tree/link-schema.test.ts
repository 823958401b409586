import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import linkSchema from '../../docs/link.schema.json';
import { environmentKeys, linkKeys, placeKeys } from '../../src/machine/settings/link.ts';
import { previewKeys } from '../../src/machine/settings/preview.ts';
import { openBed } from '../support/dnx.ts';
import { rightPreviews, withPreview, wrongPreviews, wrongTimes } from '../support/preview-files.ts';

const valid = new Ajv2020({ allowUnionTypes: true }).compile(linkSchema);
const { $defs, properties } = linkSchema;

test('dnx link --schema prints the schema', async () => {
  const bed = await openBed();
  const run = await bed.dnx('link --schema');
  await bed.close();
  expect(run).toExit(0, { calls: [], stdout: readFileSync('docs/link.schema.json', 'utf8') });
});

test('the schema has the keys that dnx reads', () => {
  expect(Object.keys(properties).sort()).toEqual([...linkKeys].sort());
  expect(Object.keys($defs.environment.properties).sort()).toEqual([...environmentKeys].sort());
  expect(Object.keys($defs.preview.properties).sort()).toEqual([...previewKeys].sort());
  for (const { oneOf } of [$defs.server, $defs.site])
    expect(Object.keys(oneOf.at(-1)?.properties ?? {}).sort()).toEqual([...placeKeys].sort());
});

const place = { id: '01JQ8Z4T9G00000000000WEB01', name: 'web-1' };

describe('the schema accepts', () => {
  test.each([
    {},
    { server: 'web-1', site: 'shop.example.com' },
    { site: 7, confirm: true, host: 'https://deploynix.io', profile: 'work' },
    { $schema: './link.schema.json', default: 'production', environments: { production: { server: place, site: place, confirm: true } } },
    { environments: { staging: { site: 'a.test', $note: 'x' } }, confirm: true },
    ...rightPreviews.map(withPreview),
    ...wrongTimes.map((ttl) => withPreview({ ttl })),
  ])('%j', (file) => {
    expect(valid(file), JSON.stringify(valid.errors)).toBe(true);
  });

  test('what dnx link writes', async () => {
    const bed = await openBed();
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    await expect(bed.dnx('link web-2/staging.example.com --env staging --confirm-deploys')).toExit(0);
    const file = JSON.parse(readFileSync(`${bed.directory}/.deploynix.json`, 'utf8'));
    await bed.close();
    expect(valid(file), JSON.stringify(valid.errors)).toBe(true);
  });
});

describe('the schema rejects', () => {
  test.each([
    { sites: 'a.test' },
    { confirm: 'yes' },
    { environments: [] },
    { environments: { production: 'a.test' } },
    { environments: { production: { confrim: true } } },
    { environments: { production: { site: { id: '7', url: 'x' } } } },
    { environments: {}, site: 'a.test' },
    { site: ['a.test'] },
    { environments: { '': { site: 'a.test' } } },
    { environments: { ['x'.repeat(65)]: { site: 'a.test' } } },
    { environments: { 'a\u001b[2J': { site: 'a.test' } } },
    { preview: 'previews-1' },
    withPreview({ databse: 'none' }),
    ...wrongPreviews.map(([, preview]) => JSON.parse(JSON.stringify(withPreview(preview)))),
  ])('%j', (file) => {
    expect(valid(file)).toBe(false);
  });
});
