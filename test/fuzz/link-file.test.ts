import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perSuite } from '../support/fixtures.ts';
import { seedOf, volume } from '../support/volume.ts';

const runs = volume(1_000, 12);

const bed = perSuite(() => openBed());

type Content = Readonly<Record<string, unknown>>;

const names = fc.constantFrom('production', 'staging', '__proto__', 'constructor', 'a b', '7');
const key = fc.constantFrom('server', 'site', 'confirm', 'note', '$id', '__proto__', 'host2');
const site = fc.dictionary(key, fc.oneof(fc.string(), fc.integer(), fc.dictionary(key, fc.string(), { maxKeys: 2 })), { maxKeys: 4 });
const flat = fc.record({ server: fc.string(), site: fc.string(), note: fc.jsonValue(), $schema: fc.string() }, { requiredKeys: [] });
const several = fc.record(
  { note: fc.jsonValue(), default: names, environments: fc.dictionary(names, site, { maxKeys: 3 }), $x: fc.jsonValue() },
  { requiredKeys: ['environments'] },
);

const without = (content: Content, ...keys: readonly string[]) => Object.entries(content).filter(([each]) => !keys.includes(each));
const objectIn = (content: Content, name: string): Content =>
  Object.hasOwn(content, name) && typeof content[name] === 'object' ? (content[name] as Content) : {};

test(`dnx link keeps everything else in ${runs} random files`, async () => {
  const file = join(bed.directory, '.deploynix.json');
  const property = fc.asyncProperty(fc.oneof(flat, several), fc.constantFrom('production', '__proto__', 'new'), async (content, name) => {
    writeFileSync(file, JSON.stringify(content));
    const before = JSON.parse(readFileSync(file, 'utf8')) as Content;
    await expect(bed.dnx(['link', 'shop.example.com', '--server', 'web-1', '--env', name, '--yes'])).toExit(0);
    const after = JSON.parse(readFileSync(file, 'utf8')) as Content;
    expect(without(after, 'default', 'environments', 'server', 'site')).toEqual(
      without(before, 'default', 'environments', 'server', 'site'),
    );
    const [old, now] = [objectIn(before, 'environments'), objectIn(after, 'environments')];
    const first = Object.keys(old).length > 0 ? [] : ['production'];
    expect(without(now, name, ...first)).toEqual(without(old, name));
    expect(without(objectIn(now, name), 'server', 'site')).toEqual(without(objectIn(old, name), 'server', 'site'));
    expect(objectIn(now, name)).toMatchObject({ site: { id: seeded.sites['shop.example.com'], name: 'shop.example.com' } });
    expect((await bed.dnx(['config', 'get', 'site', '--env', name])).stdout).toBe('shop.example.com\n');
  });
  await fc.assert(property, { seed: seedOf(20_261_125), numRuns: runs });
}, 900_000);
