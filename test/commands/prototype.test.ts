import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiResponse, seeded } from '../../src/sandbox/index.ts';
import { type Bed, openBed } from '../support/dnx.ts';
import { leading } from '../support/volume.ts';

const shop = seeded.sites['shop.example.com'];

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

describe('a property of every JavaScript object', () => {
  const words = leading(['constructor', '__proto__', 'toString', 'hasOwnProperty'], 2);

  test.each(words)('%s is a name like any other', async (word) => {
    for (const line of [`site show ${word}`, `server show ${word}`, `deploy ${word}`, `env get ${word} --site shop.example.com`]) {
      const run = await bed.dnx(line);
      expect([run.code, run.stderr]).toEqual([6, expect.stringContaining(`'${word}' not found`)]);
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
      const run = await bed.dnx(line);
      expect(run).toMatchObject({ code: 2, stdout: '', calls: [] });
      expect(run.stderr).toContain(`Unknown command '${line.startsWith('site') ? line : word}'.`);
    }
  });

  test.each(words)('%s is a field only if the API sent it', async (word) => {
    for (const options of [`--fields id,${word}`, `--sort ${word}`]) {
      const run = await bed.dnx(`server list ${options}`);
      expect([run.code, run.stdout]).toEqual([2, '']);
      expect(run.stderr).toContain(`Unknown field '${word}'.`);
    }
    const sent = (answer: ApiResponse): ApiResponse => ({ ...answer, body: { data: [JSON.parse(`{"id":"1","${word}":"sent"}`)] } });
    bed.sandbox.faults.next({ path: '/servers' }, sent);
    expect((await bed.dnx(`server list --fields ${word} --no-header`)).stdout).toBe('sent\n');
  });

  test.each(words)('%s is a profile name, and needs no ability as a path', async (word) => {
    expect((await bed.dnx(`config set server web-1 --profile ${word}`)).code).toBe(0);
    expect((await bed.dnx(`config get server --profile ${word}`)).stdout).toBe('web-1\n');
    expect(await bed.dnx(['token', 'abilities', '--for', `api GET /${word}`, '--json'])).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});
