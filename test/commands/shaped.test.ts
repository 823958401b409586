import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseShapes } from '../../src/base/api-shapes.ts';
import { openBed } from '../support/dnx.ts';

// The whole of test/process runs over all but the wild shapes in `npm run test:deep`.

const daily: readonly (readonly [code: number, line: string])[] = [
  [0, 'server list'],
  [0, 'site list -o json'],
  [0, 'deploy shop.example.com'],
  [0, 'rollback shop.example.com --yes'],
  [0, 'site releases shop.example.com'],
  [0, 'env set FOO=bar --site shop.example.com --yes'],
  [0, 'env list --site shop.example.com --reveal'],
  [0, 'redirect ensure /old --to /new --site shop.example.com'],
  [0, 'certificate create --domain shop.example.com --site shop.example.com'],
  [0, 'backup create --site shop.example.com'],
  [0, 'database ensure demo --server web-1'],
  [0, 'status --site shop.example.com'],
  [6, 'site show none.example.com'],
];

for (const name of readdirSync('test/shapes')) {
  test(`what people do daily works in the shapes of ${name}`, async () => {
    const bed = await openBed({ shapes: parseShapes(readFileSync(`test/shapes/${name}`, 'utf8'), name) });
    const ended: [code: number, line: string, stderr?: string][] = [];
    for (const [expected, line] of daily) {
      const { code, stderr } = await bed.dnx(line);
      ended.push(code === expected ? [code, line] : [code, line, stderr]);
    }
    const again = await bed.dnx('redirect ensure /old --to /new --site shop.example.com');
    await bed.close();
    expect(ended).toEqual(daily);
    expect([again.code, again.changes]).toEqual([0, []]);
  });
}
