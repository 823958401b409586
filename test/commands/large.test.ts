import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { type Elsewhere, openElsewhere } from '../support/elsewhere.ts';
import { perSuite } from '../support/fixtures.ts';
import { volume } from '../support/volume.ts';

const ROWS = 150_000;

const bed = perSuite(() => openBed());
let server: Elsewhere;
beforeAll(async () => {
  // More than the 64 MB that a response may have without DNX_MAX_RESPONSE.
  const rows = Array.from(
    { length: ROWS },
    (_, id) => `{"id":${id},"name":"web-${id}","status":"active","provider":"hetzner","ip_address":null${' '.repeat(400)}}`,
  );
  const body = Buffer.from(`{"data":[${rows.join(',')}]}`);
  server = await openElsewhere((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
});
afterAll(async () => {
  await server.close();
});

const large = (options: string) =>
  bed.dnx(`server list --fields id,name ${options}`, { env: { DNX_HOST: server.url, DNX_MAX_RESPONSE: '500' } });

const outputs: readonly (readonly [options: string, lines: number, last: string])[] = [
  ['-o table', ROWS + 1, '149999  web-149999'],
  ['-o json', 4 * ROWS + 2, ']'],
  ['-o ndjson', ROWS, '{"id":149999,"name":"web-149999"}'],
  ['-o csv', ROWS + 1, '149999,web-149999'],
  ['-o tsv', ROWS + 1, '149999\tweb-149999'],
  ['-o text', ROWS, '149999\tweb-149999'],
  ['-o ids', ROWS, '149999'],
  ['-o yaml', 2 * ROWS, '  name: web-149999'],
  ['-o csv --sort -id', ROWS + 1, '0,web-0'],
  ['-o csv --query [].id', ROWS, '149999'],
];

// YAML alone takes five seconds.
test.each(outputs.slice(0, volume(outputs.length, 1)))(
  '150,000 rows of one response are printed with %s',
  { timeout: 120_000 },
  async (options, lines, last) => {
    const run = await large(options);
    expect(run).toExit(0, { stderr: '' });
    const printed = run.stdout.split('\n');
    expect([printed.length, printed.at(-2)]).toEqual([lines + 1, last]);
  },
);
