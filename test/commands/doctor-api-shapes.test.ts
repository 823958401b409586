import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseShapes } from '../../src/base/api-shapes.ts';
import { openBed } from '../support/dnx.ts';

for (const [name, rateLimit] of [
  ['mild', 0],
  ['wild', 120],
] as const) {
  test(`of a sandbox in ${name} shapes, it records these shapes`, async () => {
    const text = readFileSync(`test/shapes/${name}.json`, 'utf8');
    const bed = await openBed({ shapes: parseShapes(text, name), rateLimit });
    const run = await bed.dnx('doctor --api --out shapes.json', { env: { DNX_RATE_LIMIT: 'off' } });
    expect(run).toExit(name === 'mild' ? 0 : 10);
    const { dnx: _, month: __, host, ...seen } = JSON.parse(readFileSync(join(bed.directory, 'shapes.json'), 'utf8'));
    const { dnx: ___, month: ____, host: _____, ...recorded } = JSON.parse(text);
    expect(host).toBe('loopback');
    expect(seen).toEqual(recorded);
    await bed.close();
  });
}
