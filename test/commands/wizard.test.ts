import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';
import { keys } from '../support/terminal.ts';

const web1 = seeded.servers['web-1'];
const { enter, down, eraseLine } = keys;

const bed = perTest(openBed);

const typing = (line: string, typed: string) => bed.dnx(line, { keys: typed, columns: 160, env: { NO_COLOR: '1' } });
const sites = () => bed.sandbox.state.sites;

describe('a create that is refused', () => {
  test('asks again for what was refused, and keeps the other answers', async () => {
    const run = await typing('redirect create shop.example.com', `/sale${enter}/new${enter}${eraseLine}/old${enter}`);
    expect(run.stderr).toMatch(/! .*already.*\n\? Path to redirect: \(\/sale\)/);
    expect([run.code, run.changes.length]).toEqual([0, 2]);
    expect(bed.sandbox.state.redirects.at(-1)).toMatchObject({ from: '/old', to: '/new' });
    expect(run.stderr).toContain('Without prompts: dnx redirect create /old /new --site shop.example.com');
  });

  test('asks for a field that was given as an option, too', async () => {
    const run = await typing('database create --server web-1', `shop db${enter}${eraseLine}shop_db${enter}`);
    expect([run.code, bed.sandbox.state.databases.at(-1)]).toMatchObject([0, { name: 'shop_db' }]);
  });

  test('is an error if the command line was complete, and elsewhere', async () => {
    const line = 'redirect create shop.example.com /sale /new';
    await expect(typing(line, '')).toExit(7);
    await expect(bed.dnx(line)).toExit(7, { stdout: '' });
  });

  test('is an error if nothing of it can be asked for', async () => {
    bed.sandbox.faults.always(
      { method: 'POST', path: '/servers/{server}/sites/{site}/redirects' },
      { status: 422, body: { message: 'The plan allows 5 redirects.', errors: {} } },
    );
    const run = await typing('redirect create shop.example.com', `/one${enter}/two${enter}`);
    expect([run.code, run.changes.length]).toEqual([7, 1]);
  });
});

describe('site create', () => {
  const domain = `new.example.com${enter}`;
  /** Laravel, the first repository, main, /public, PHP as Deploynix decides. */
  const rest = `${down}${enter}${down}${enter}${enter}${enter}${enter}`;

  test('waits for the site, then requests a certificate and deploys', async () => {
    const run = await typing('site create --server web-1', `${domain}${rest}y${enter}${enter}y${enter}`);
    expect(run.stderr).toMatch(/Server +web-1\n/);
    expect(run).toExit(0);
    const id = sites().at(-1)?.id;
    const path = `/servers/${web1}/sites`;
    expect(run.changes).toEqual([`POST ${path}`, `POST ${path}/${id}/certificates`, `POST ${path}/${id}/deploy`]);
    expect(run.stderr).toMatch(
      /Created site new\.example\.com in \d+s\n[\s\S]*Issued a certificate for new\.example\.com in[\s\S]*Deployed new\.example\.com/,
    );
    expect(run.stderr).toMatch(
      /Without prompts:\n {2}dnx site create new\.example\.com --server web-1 --type laravel .* --certificate --deploy/,
    );
    expect(sites().at(-1)).toMatchObject({ status: 'active' });
  });

  test('neither without a repository nor if declined', async () => {
    const run = await typing('site create --server web-1', `${domain}${down}${enter}${enter}${enter}${enter}${enter}y${enter}`);
    expect(run).toExit(0);
    expect(run.stderr).not.toContain('Deploy it once it is installed');
    expect(run.changes).toHaveLength(1);
    expect(run.stderr).toContain('Next: dnx deploy new.example.com');
    expect(run.stderr).toContain('--no-certificate');
  });

  test('shows the server of the link file, and creates nothing without a yes', async () => {
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ server: 'web-2' }));
    const run = await typing('site create', `${domain}${rest}${enter}${enter}${enter}`);
    expect(run.stderr).toMatch(/Server +web-2\n[\s\S]*\? Create this site\? \(y\/N\)/);
    expect(run).toExit(1, { changes: [] });
    const agreed = await typing('site create', `${domain}${rest}n${enter}n${enter}y${enter}`);
    expect(agreed.stderr).toMatch(/Without prompts:\n {2}dnx site create new\.example\.com --server web-2 /);
  });

  test('keeps the answers if the domain is taken', async () => {
    const run = await typing(
      'site create --server web-1 --no-wait',
      `shop.example.com${enter}${rest}y${enter}${eraseLine}new.example.com${enter}y${enter}`,
    );
    expect(run.stderr).toMatch(/\? Domain: \(shop\.example\.com\)/);
    expect([run.code, sites().at(-1)]).toMatchObject([0, { domain: 'new.example.com', type: 'laravel', branch: 'main' }]);
  });

  test('asks nothing with a complete command line, whose steps follow each other', async () => {
    const run = await bed.dnx(
      'site create new.example.com --server web-1 --type laravel --git-repository-id example/blog --certificate --deploy --json',
    );
    expect(run).toExit(0);
    expect(run.json()).toMatchObject({
      domain: 'new.example.com',
      status: 'active',
      certificate: { domain: 'new.example.com', status: 'active' },
      deployment: { outcome: 'succeeded' },
    });
  });

  test('deploys although the certificate fails, and fails', async () => {
    bed.sandbox.faults.always(
      { method: 'POST', path: '/servers/{server}/sites/{site}/certificates' },
      {
        status: 422,
        body: { message: 'The domain does not point to the server.', errors: { domain: ['The domain does not point to it.'] } },
      },
    );
    const run = await bed.dnx('site create new.example.com --server web-1 --git-repository-id example/blog --certificate --deploy --json');
    expect([run.code, run.json()]).toMatchObject([
      7,
      { domain: 'new.example.com', certificate: null, deployment: { outcome: 'succeeded' } },
    ]);
    expect(run.stderr).toContain('Created site new.example.com');
    expect(run.stderr).toContain('Deployed new.example.com');
    expect(run.stderr).toContain('The domain does not point to it.');
  });

  test.each(['--certificate', '--deploy'])('%s needs to wait', async (flag) => {
    const run = await bed.dnx(`site create new.example.com --server web-1 --no-wait ${flag}`);
    expect(run).toExit(2, { changes: [], says: `--no-wait cannot be combined with ${flag}.` });
  });
});

describe('the choices of server create', () => {
  test('explain the types, and have the newest PHP first', async () => {
    const credential = bed.sandbox.state.credentials[0]?.id;
    const line = `server create web-3 --provider hetzner --credential-id ${credential} --region fsn1 --size cx32 --image ubuntu-24.04 --no-wait`;
    const run = await typing(line, `work${enter}${down}${enter}y${enter}`);
    expect(run.stderr).toMatch(/app +web server, PHP and database/);
    expect(run.stderr).toContain('✓ Server type: worker\u001b');
    expect(run.stderr).toMatch(/8\.4\s[\s\S]*8\.3\s[\s\S]*8\.0/);
    expect([run.code, bed.sandbox.state.servers.at(-1)]).toMatchObject([0, { type: 'worker', php_version: '8.4' }]);
  });
});
