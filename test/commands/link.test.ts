import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { seeded } from '../../src/sandbox/index.ts';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const web1 = seeded.servers['web-1'];
const shop = seeded.sites['shop.example.com'];
const server = { id: web1, name: 'web-1' };
const production = { server, site: { id: shop, name: 'shop.example.com' } };
const blog = { server, site: { id: seeded.sites['blog.example.com'], name: 'blog.example.com' } };

const bed = perTest(openBed);

const file = () => join(bed.directory, '.deploynix.json');
const written = () => JSON.parse(readFileSync(file(), 'utf8'));
const write = (content: unknown) => writeFileSync(file(), typeof content === 'string' ? content : JSON.stringify(content));
const terminal = (keys: string): RunOptions => ({ columns: 120, keys, env: { NO_COLOR: '1' } });

describe('dnx link SITE', () => {
  test('writes the ids and names of the API, and says what to do next', async () => {
    await expect(bed.dnx('link SHOP.example.com')).toExit(0, {
      stdout: '✓ Linked this project to shop.example.com (web-1) as production\n  file  .deploynix.json\n',
      stderr: 'Next: dnx status\nDeploy with: dnx deploy\n',
    });
    expect(readFileSync(file(), 'utf8')).toBe(`${JSON.stringify({ default: 'production', environments: { production } }, null, 2)}\n`);
    expect(statSync(file()).mode & 0o777).toBe(0o644);
  });

  test('prints the environment as JSON', async () => {
    expect((await bed.dnx('link web-2/staging.example.com --env staging --confirm-deploys --json')).json()).toEqual({
      file: file(),
      environment: 'staging',
      server: { id: seeded.servers['web-2'], name: 'web-2' },
      site: { id: seeded.sites['staging.example.com on web-2'], name: 'staging.example.com' },
      default: true,
      confirm: true,
    });
  });

  test('reads the names of ids', async () => {
    const run = await bed.dnx(`link ${shop} --server ${web1}`);
    expect(run).toExit(0, { calls: [`GET /servers/${web1}/sites/${shop}`, `GET /servers/${web1}`] });
    expect(written().environments).toEqual({ production });
  });

  test('writes to the root of the repository, from any directory in it', async () => {
    const below = join(bed.directory, 'repository/app/Http');
    mkdirSync(below, { recursive: true });
    mkdirSync(join(bed.directory, 'repository/.git'));
    const run = await bed.dnx('link shop.example.com', { cwd: below });
    expect(run).toExit(0, { stdout: expect.stringContaining('  file  ../../.deploynix.json\n') });
    expect(existsSync(join(bed.directory, 'repository/.deploynix.json'))).toBe(true);
    expect((await bed.dnx('site show --json', { cwd: below })).json()).toMatchObject({ id: shop });
  });

  test('ignores the site of the link file and the environment', async () => {
    write({ environments: { production: { site: 'gone.example.com', server: 'gone' } } });
    await expect(bed.dnx('link', { env: { DNX_SITE: 'shop.example.com', DNX_SERVER: 'web-1' } })).toExit(2, { calls: [] });
  });

  test('of a site that does not exist writes nothing', async () => {
    const run = await bed.dnx('link shop.exmaple.com');
    expect([run.code, existsSync(file())]).toEqual([6, false]);
  });
});

describe('the environment', () => {
  test('is added with --env or DNX_ENV, and becomes the default with --default', async () => {
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    const run = await bed.dnx('link blog.example.com', { env: { DNX_ENV: 'blog' } });
    expect(run).toExit(0, { stderr: 'Next: dnx status --env blog\nDeploy with: dnx deploy --env blog\n' });
    expect(written()).toEqual({ default: 'production', environments: { production, blog } });
    expect((await bed.dnx('link --env blog --default')).calls).toEqual([]);
    expect(written().default).toBe('blog');
  });

  test('that is the default is updated without --env', async () => {
    write({ default: 'live', environments: { live: production, blog } });
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    expect(written()).toEqual({ default: 'live', environments: { live: production, blog } });
  });

  test('must be named if there are several without a default', async () => {
    write({ environments: { live: production, blog } });
    const run = await bed.dnx('link shop.example.com');
    expect(run).toExit(2, { stderr: `Error: ${file()} has no default environment.\n  Use --env with one of live, blog, or a new name.\n` });
  });

  test('that the file calls its default is added without --env, and no other one becomes the default', async () => {
    write({ environments: { live: production, blog } });
    await expect(bed.dnx('link shop.example.com --env other')).toExit(0);
    expect(Object.keys(written())).toEqual(['environments']);
    write({ default: 'live', environments: { blog } });
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    expect(written()).toEqual({ default: 'live', environments: { blog, live: production } });
  });

  test.each(['a b', '../x', 'a\u001b[2J', 'x'.repeat(65), '-x'])('cannot be called %j', async (name) => {
    const run = await bed.dnx(['link', 'shop.example.com', `--env=${name}`]);
    expect([run.code, existsSync(file())]).toEqual([2, false]);
  });

  test('may be called __proto__', async () => {
    await expect(bed.dnx('link shop.example.com --env __proto__')).toExit(0);
    await expect(bed.dnx('link blog.example.com --env constructor')).toExit(0);
    expect(readFileSync(file(), 'utf8')).toContain('"__proto__": {');
    expect((await bed.dnx('config get site --env constructor')).stdout).toBe('blog.example.com\n');
    expect((await bed.dnx('config get site --env __proto__')).stdout).toBe('shop.example.com\n');
  });

  test('that does not exist is an error for every other command, also if a site is given', async () => {
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    for (const line of ['deploy --env typo', 'deploy --env typo --site shop.example.com', 'server list -e typo', 'unlink -e typo']) {
      const run = await bed.dnx(line);
      expect(run, line).toMatchObject({ code: 2, calls: [], stdout: '' });
      expect(run.stderr).toContain("has no environment 'typo'.");
    }
    await expect(bed.dnx('site show shop.example.com -o ids', { env: { DNX_ENV: 'typo' } })).toExit(0, { stdout: `${shop}\n` });
    await expect(bed.dnx('deploy', { env: { DNX_ENV: 'typo', DNX_SITE: '' } })).toExit(2, { calls: [] });
  });
});

describe('a link to another site', () => {
  beforeEach(async () => expect((await bed.dnx('link shop.example.com')).code).toBe(0));

  test('needs --yes without a terminal', async () => {
    const refused = await bed.dnx('link blog.example.com');
    expect(refused).toExit(2, { stdout: '' });
    expect(refused.stderr).toBe(
      'Error: production is linked to shop.example.com (web-1). Nothing was changed.\n  Use --yes to replace it, or --env to link another environment.\n',
    );
    expect(written().environments).toEqual({ production });
    await expect(bed.dnx('link blog.example.com --yes')).toExit(0);
    expect(written().environments).toEqual({ production: blog });
  });

  test('asks on a terminal', async () => {
    const no = await bed.dnx('link blog.example.com', terminal('n\r'));
    expect([no.code, written().environments]).toEqual([1, { production }]);
    expect(no.stderr).toContain('Link production to blog.example.com (web-1) instead?');
    await expect(bed.dnx('link blog.example.com', terminal('y\r'))).toExit(0);
    expect(written().environments).toEqual({ production: blog });
  });

  test('on another server asks, too, and a renamed site does not', async () => {
    write({ environments: { production: { server, site: { id: 'X1', name: 'staging.example.com' } } } });
    await expect(bed.dnx('link web-2/staging.example.com')).toExit(2);
    write({ environments: { production: { server, site: { id: shop, name: 'old.example.com' } } } });
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    expect(written().environments).toEqual({ production });
  });
});

describe('an existing file', () => {
  test('keeps its other keys and their order', async () => {
    const content = {
      $schema: './schema.json',
      note: 'ours',
      environments: { production: { note: 1, confirm: true, site: { name: 'shop.example.com', $id: 2 } }, other: { site: 'a.test' } },
      host: bed.sandbox.url,
    };
    write(content);
    await expect(bed.dnx('link shop.example.com --env production')).toExit(0);
    const { environments, ...rest } = written();
    expect([Object.keys(written()), rest]).toEqual([
      ['$schema', 'note', 'environments', 'host'],
      { $schema: './schema.json', note: 'ours', host: bed.sandbox.url },
    ]);
    expect(environments).toEqual({
      production: { note: 1, confirm: true, site: { name: 'shop.example.com', $id: 2, id: shop }, server },
      other: { site: 'a.test' },
    });
  });

  test('for a single site becomes one with environments', async () => {
    write({ server: 'web-1', site: 'shop.example.com', confirm: true, note: 1 });
    const run = await bed.dnx('link blog.example.com --env blog');
    expect(run).toExit(0, { says: 'The site that .deploynix.json named is now its environment production.' });
    expect(written()).toEqual({
      note: 1,
      default: 'production',
      environments: { production: { server: 'web-1', site: 'shop.example.com', confirm: true }, blog },
    });
  });

  test('for a single site keeps its question for that site alone', async () => {
    write({ server: 'web-1', site: 'shop.example.com', confirm: true });
    expect((await bed.dnx('link blog.example.com --env blog --json')).json()).toMatchObject({ environment: 'blog', confirm: false });
    await expect(bed.dnx('deploy -e blog --no-wait')).toExit(0);
    await expect(bed.dnx('deploy -e production --no-wait')).toExit(2);
  });

  test('for a single site gets ids without a question if the site is the same', async () => {
    write({ server: 'web-1', site: 'shop.example.com', confirm: true });
    await expect(bed.dnx('link shop.example.com')).toExit(0);
    expect(written()).toEqual({ default: 'production', environments: { production: { ...production, confirm: true } } });
    write({ site: 'other.example.com' });
    await expect(bed.dnx('link shop.example.com')).toExit(2);
    expect(written()).toEqual({ site: 'other.example.com' });
  });

  test.each(['<<<<<<< HEAD', '[]', '{"environments":[]}', ''])('that is broken is not overwritten: %j', async (text) => {
    write(text);
    const run = await bed.dnx('link shop.example.com');
    expect([run.code, run.stderr, readFileSync(file(), 'utf8')]).toEqual([
      2,
      expect.stringContaining('Remove it with: dnx unlink --yes'),
      text,
    ]);
  });

  test('that is a symbolic link is not written through', async () => {
    writeFileSync(join(bed.directory, 'private.json'), '{}');
    symlinkSync('private.json', file());
    await expect(bed.dnx('link shop.example.com')).toExit(2, { says: 'is a symbolic link. Nothing was changed.' });
    expect(readFileSync(join(bed.directory, 'private.json'), 'utf8')).toBe('{}');
  });

  test('that cannot be written is reported', async () => {
    const run = await bed.dnx('link shop.example.com', { cwd: '/proc' });
    expect(run).toExit(1, { stdout: '', says: 'Could not change /proc/.deploynix.json' });
  });

  test('turns its question on and off', async () => {
    expect((await bed.dnx('link shop.example.com --confirm-deploys')).stdout).toContain('as production, which asks before deployments\n');
    await expect(bed.dnx('link --no-confirm-deploys')).toExit(0);
    expect(written().environments.production.confirm).toBe(false);
  });
});
