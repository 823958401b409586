import { describe, expect, test } from 'vitest';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { leading } from '../support/volume.ts';

const shop = seeded.sites['shop.example.com'];

const bed = perTest(openBed);

describe('a property of every JavaScript object', () => {
  const words = leading(['constructor', '__proto__', 'toString', 'hasOwnProperty'], 2);

  test.each(words)('%s is a name like any other', async (word) => {
    for (const line of [`site show ${word}`, `server show ${word}`, `deploy ${word}`, `env get ${word} --site shop.example.com`]) {
      await expect(bed.dnx(line)).toExit(6, { says: `'${word}' not found` });
    }
    const site = bed.sandbox.state.sites.find(({ id }) => id === shop);
    Object.assign(site ?? {}, { domain: word });
    // Not found is remembered for a minute.
    await bed.clock.sleep(60_000);
    for (const calls of [5, 1]) {
      const run = await bed.dnx(`site show ${word} --json`);
      expect([run.code, run.json(), run.calls.length]).toEqual([0, expect.objectContaining({ id: shop }), calls]);
    }
  });

  test.each(words)('%s is not a command', async (word) => {
    for (const line of [word, `help ${word}`, `site ${word}`, `token abilities --for ${word}`]) {
      await expect(bed.dnx(line)).toExit(2, { stdout: '', calls: [], says: `Unknown command '${line.startsWith('site') ? line : word}'.` });
    }
  });

  test.each(words)('%s is a field only if the API sent it', async (word) => {
    for (const options of [`--fields id,${word}`, `--sort ${word}`]) {
      await expect(bed.dnx(`server list ${options}`)).toExit(2, { stdout: '', says: `Unknown field '${word}'.` });
    }
    const sent = (answer: ApiResponse): ApiResponse => ({ ...answer, body: { data: [JSON.parse(`{"id":"1","${word}":"sent"}`)] } });
    bed.sandbox.faults.next({ path: '/servers' }, sent);
    expect((await bed.dnx(`server list --fields ${word} --no-header`)).stdout).toBe('sent\n');
  });

  test.each(words)('%s is a profile name, and needs no ability as a path', async (word) => {
    await expect(bed.dnx(`config set server web-1 --profile ${word}`)).toExit(0);
    expect((await bed.dnx(`config get server --profile ${word}`)).stdout).toBe('web-1\n');
    await expect(bed.dnx(['token', 'abilities', '--for', `api GET /${word}`, '--json'])).toExit(0, { stdout: '[]\n' });
  });
});
