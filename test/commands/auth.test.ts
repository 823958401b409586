import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SEED_PASSWORD } from '../../src/sandbox/index.ts';
import { type Bed, openBed, type RunOptions } from '../support/dnx.ts';
import { openElsewhere } from '../support/elsewhere.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const signedOut = { env: { DNX_TOKEN: undefined } };
const config = () => join(bed.directory, 'config');
const settings = () => JSON.parse(readFileSync(join(config(), 'config.json'), 'utf8'));
const login = (line = 'login --with-token', options: RunOptions = {}) =>
  bed.dnx(line, { stdin: `${bed.sandbox.token}\n`, ...options, env: { DNX_TOKEN: undefined, ...options.env } });

describe('login --with-token', () => {
  test('checks the token, and keeps it in the keychain', async () => {
    const run = await login();
    expect(run.stdout).toBe(`Signed in to ${bed.sandbox.url} as ada@example.com. The token is stored in the keychain.\n`);
    expect(run.calls).toEqual(['GET /user']);
    expect([...bed.keychain]).toEqual([[`default@${bed.sandbox.url}`, bed.sandbox.token]]);
    expect((await bed.dnx('whoami', signedOut)).code).toBe(0);
  });

  test.each([
    ['', 2, 'No token came from standard input.'],
    ['two words', 2, 'white space'],
    ['1|dead', 4, 'Was the token revoked, or copied without its beginning?'],
  ])('%j is refused, and nothing is stored', async (stdin, code, words) => {
    const run = await login('login --with-token', { stdin });
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(words);
    expect(bed.keychain.size).toBe(0);
    expect(existsSync(config())).toBe(false);
  });

  test('a plan without API access has its own words', async () => {
    bed.sandbox.state.plan.api_access = false;
    const run = await login();
    expect(run.code).toBe(5);
    expect(run.stderr).toContain("This organization's plan does not allow it");
    expect(run.stderr).toContain('Professional or Enterprise');
    expect(bed.keychain.size).toBe(0);
  });

  test('a host that cannot be reached has its own words', async () => {
    const run = await login('login --with-token --host http://127.0.0.1:9');
    expect(run.code).toBe(13);
    expect(run.stderr).toContain('Cannot reach http://127.0.0.1:9: the connection was refused.');
  });

  test('DNX_TOKEN is said to win', async () => {
    const run = await login('login --with-token', { env: { DNX_TOKEN: bed.sandbox.token } });
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('DNX_TOKEN is set, and it wins over the token that you are about to store.');
  });

  test('what the token can do is not for --with-token to say', async () => {
    expect((await login('login --with-token --preset full')).code).toBe(2);
  });

  test('without a terminal, the password cannot be asked for', async () => {
    const run = await login('login');
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('--with-token');
  });
});

describe('the insecure file', () => {
  test('only on request, mode 0600, and with a warning at each use', async () => {
    const run = await login('login --with-token --insecure-storage');
    expect(run.stdout).toContain('in a file, in the clear');
    const file = join(config(), 'tokens.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(config()).mode & 0o777).toBe(0o700);
    expect(bed.keychain.size).toBe(0);
    for (const line of ['whoami', 'server list']) expect((await bed.dnx(line, signedOut)).stderr).toContain(`in the clear in ${file}`);
    expect((await bed.dnx('whoami')).stderr).toBe('');
    expect((await bed.dnx('logout', signedOut)).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  test('is not a fallback: a keychain that fails ends the login before anything is asked', async () => {
    bed.keychain.get = () => {
      throw Object.assign(new Error('no keychain'), {});
    };
    const run = await login();
    expect(run.code).toBe(1);
    expect(run.calls).toEqual([]);
    expect(existsSync(config())).toBe(false);
  });
});

describe('logout', () => {
  test('revokes, then forgets', async () => {
    expect((await login()).code).toBe(0);
    const run = await bed.dnx('logout', signedOut);
    expect(run.calls).toEqual(['POST /logout']);
    expect(run.stdout).toContain('the token is revoked');
    expect(bed.keychain.size).toBe(0);
    expect((await bed.dnx('whoami', signedOut)).code).toBe(4);
  });

  test('--keep only forgets', async () => {
    expect((await login()).code).toBe(0);
    expect((await bed.dnx('logout --keep', signedOut)).calls).toEqual([]);
    expect(bed.keychain.size).toBe(0);
    expect((await bed.dnx('whoami')).code).toBe(0);
  });

  test('a token that is dead already is fine', async () => {
    expect((await login()).code).toBe(0);
    bed.sandbox.state.tokens = [];
    const run = await bed.dnx('logout --json', signedOut);
    expect(run.json()).toMatchObject({ revoked: false, forgotten: true });
    expect(bed.keychain.size).toBe(0);
  });

  test('when the API cannot be asked, nothing is forgotten', async () => {
    expect((await login()).code).toBe(0);
    bed.sandbox.faults.always({ path: '/logout' }, 'drop');
    const run = await bed.dnx('logout', signedOut);
    expect(run.code).toBe(13);
    expect(run.stderr).toContain('dnx logout --keep');
    expect(bed.keychain.size).toBe(1);
  });

  test('not signed in is fine', async () => {
    expect(await bed.dnx('logout', signedOut)).toMatchObject({ code: 0, calls: [] });
  });

  test('with DNX_TOKEN, that token is revoked and the stored one is left alone', async () => {
    expect((await login()).code).toBe(0);
    const run = await bed.dnx('logout', { env: { DNX_TOKEN: bed.sandbox.mint([]) } });
    expect(run.stderr).toContain('unset that yourself. The stored one was left alone.');
    expect((await bed.dnx('whoami', signedOut)).code).toBe(0);
  });
});

describe('profiles', () => {
  test('two hosts at once never mix tokens', async () => {
    const other = await openBed();
    try {
      const third = await openElsewhere((_, response) => response.writeHead(404).end('{}'));
      onTestFinished(() => third.close());
      expect((await login('login --with-token --profile work', { stdin: bed.sandbox.mint(['server:read'], { name: 'work' }) })).code).toBe(
        0,
      );
      expect(
        (await login('login --with-token --profile play', { stdin: other.sandbox.token, env: { DNX_HOST: other.sandbox.url } })).code,
      ).toBe(0);
      const free = { env: { DNX_TOKEN: undefined, DNX_HOST: undefined } };
      expect(settings().profiles).toEqual({ work: { host: bed.sandbox.url }, play: { host: other.sandbox.url } });
      const before = [bed.sandbox.calls.length, other.sandbox.calls.length];
      expect((await bed.dnx('whoami --profile work', free)).code).toBe(0);
      expect((await bed.dnx('whoami', { env: { ...free.env, DNX_PROFILE: 'play' } })).code).toBe(0);
      expect([bed.sandbox.calls.length, other.sandbox.calls.length]).toEqual([(before[0] ?? 0) + 1, (before[1] ?? 0) + 1]);
      expect(bed.sandbox.calls.at(-1)?.token).toBe('work');
      expect((await bed.dnx(`whoami --profile work --host ${third.url}`, free)).code).toBe(4);
      expect((await bed.dnx('auth status --json', free)).code).toBe(4);
      expect(third.requests).toEqual([]);
    } finally {
      await other.close();
    }
  });

  test('auth switch chooses the one that is used when nothing else is said', async () => {
    expect((await login('login --with-token --profile work')).code).toBe(0);
    const run = await bed.dnx('auth switch work');
    expect(run.stdout).toBe('Profile work is now used.\n');
    expect((await bed.dnx('config get profile')).stdout).toBe('work\n');
    expect((await bed.dnx('whoami', { env: { DNX_TOKEN: undefined, DNX_HOST: undefined } })).code).toBe(0);
    expect((await bed.dnx('auth switch typo')).code).toBe(6);
    expect((await bed.dnx('auth switch')).code).toBe(2);
    const warned = await bed.dnx('auth switch default', { env: { DNX_PROFILE: 'work' } });
    expect(warned.stderr).toContain('DNX_PROFILE is set, and it wins over this.');
  });
});

describe('a link file', () => {
  /** Writes a link file, and answers a server that nobody but it names. */
  async function linked(content: (url: string) => object) {
    const elsewhere = await openElsewhere((_, response) =>
      response.writeHead(200).end('{"data":{"email":"eve@example.com"},"token":"1|x"}'),
    );
    onTestFinished(() => elsewhere.close());
    writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify(content(elsewhere.url)));
    return elsewhere;
  }
  const lines = [
    'whoami',
    'auth status',
    'server list',
    'token list',
    'token rotate 1 --yes',
    'api GET /user',
    'doctor',
    'logout',
    'deploy 5',
  ];
  const password = { keys: `ada@example.com\r${SEED_PASSWORD}\r\r\r`, columns: 100 };

  describe('that names a host', () => {
    test.each(lines)('gets nothing from dnx %s', async (line) => {
      const { requests, url } = await linked((host) => ({ host }));
      const run = await bed.dnx(line, { env: { DNX_HOST: undefined } });
      expect([run.code, run.stdout, run.calls, requests]).toEqual([2, '', [], []]);
      expect(run.stderr).toContain(`names the host ${url}, but a link file cannot choose the host. Nothing was sent.`);
      expect(run.stderr).toContain(`DNX_HOST=${url}`);
    });

    test.each(['login', 'login --with-token', 'login --insecure-storage'])('gets no mail, password or token from dnx %s', async (line) => {
      const { requests, url } = await linked((host) => ({ host }));
      const run = await login(line, { env: { DNX_HOST: undefined }, ...(line.includes('token') ? {} : password) });
      expect([run.code, run.stdout, requests]).toEqual([2, '', []]);
      expect(run.stderr).toContain(`--host ${url} or DNX_HOST=${url}`);
      expect(run.stderr).not.toContain('Mail address');
    });

    test('is used once --host, DNX_HOST or a profile names it too', async () => {
      writeFileSync(join(bed.directory, '.deploynix.json'), JSON.stringify({ host: bed.sandbox.url }));
      expect((await login('login --with-token --profile work')).code).toBe(0);
      const free = { DNX_TOKEN: undefined, DNX_HOST: undefined };
      const refused = await bed.dnx('whoami', { env: free });
      expect([refused.code, refused.calls]).toEqual([2, []]);
      expect(refused.stderr).toContain('--profile work');
      expect((await bed.dnx('whoami --profile work', { env: free })).code).toBe(0);
      expect((await bed.dnx(`whoami --host ${bed.sandbox.url}`, { env: { DNX_HOST: undefined } })).code).toBe(0);
      expect((await bed.dnx('whoami')).code).toBe(0);
    });

    test('says nothing where another host is given', async () => {
      const { requests } = await linked((host) => ({ host }));
      const run = await bed.dnx('whoami');
      expect([run.code, run.stderr, requests]).toEqual([0, '', []]);
    });
  });

  describe('that names a profile', () => {
    test.each(lines)('sends DNX_TOKEN nowhere with dnx %s', async (line) => {
      const { requests, url } = await linked(() => ({ profile: 'other' }));
      expect((await bed.dnx(`config set host ${url} --profile other`)).code).toBe(0);
      const run = await bed.dnx(line, { env: { DNX_HOST: undefined } });
      expect([run.code, run.stdout, run.calls, requests]).toEqual([2, '', [], []]);
      expect(run.stderr).toContain(`names the profile other of ${url}`);
      expect(run.stderr).toContain('--profile other');
    });

    test.each([...lines, 'login --with-token'])(
      "does not choose whose stored token is used, on the user's own host, with dnx %s",
      async (line) => {
        expect((await login('login --with-token --profile other')).code).toBe(0);
        writeFileSync(join(bed.directory, '.deploynix.json'), '{"profile":"other"}');
        const run = await bed.dnx(line, { ...signedOut, stdin: bed.sandbox.token });
        expect([run.code, run.stdout, run.calls]).toEqual([2, '', []]);
        expect(run.stderr).toContain('a link file cannot choose whose token is used');
        expect((await bed.dnx('whoami --profile other', signedOut)).code).toBe(0);
      },
    );

    test('does not stand in the way of DNX_TOKEN to the host of the user', async () => {
      writeFileSync(join(bed.directory, '.deploynix.json'), '{"profile":"ci"}');
      expect((await bed.dnx('whoami')).code).toBe(0);
    });
  });

  test('that is broken, or broken settings, stop no command that can do without them', async () => {
    mkdirSync(config());
    writeFileSync(join(config(), 'config.json'), '{"profiles":{"default":null}}');
    writeFileSync(join(bed.directory, '.deploynix.json'), '{');
    for (const line of ['completion bash', 'config list', 'sandbox run -- true', 'whoami', 'server show web-1']) {
      const run = await bed.dnx(line);
      expect([line, run.code]).toEqual([line, 0]);
      expect(run.stderr.split('\n').filter((each) => each.startsWith('! '))).toEqual([
        `! profiles.default in ${join(config(), 'config.json')} is not an object. Fix or remove it.`,
        `! ${join(bed.directory, '.deploynix.json')} is not valid JSON. Fix or remove it.`,
      ]);
    }
    for (const env of [{ DNX_HOST: undefined }, { DNX_TOKEN: undefined }])
      expect(await bed.dnx('whoami', { env })).toMatchObject({ code: env && 'DNX_HOST' in env ? 2 : 4, calls: [] });
    expect(await login()).toMatchObject({ code: 2, calls: [] });
  });
});

describe('auth status', () => {
  test('tells user, source, abilities, age and last use', async () => {
    expect((await login('login --with-token', { stdin: bed.sandbox.mint(['site:read'], { name: 'laptop' }) })).code).toBe(0);
    const run = await bed.dnx('auth status --json', signedOut);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual([
      {
        profile: 'default',
        host: bed.sandbox.url,
        current: true,
        user: 'ada@example.com',
        source: 'keychain',
        token: 'laptop',
        abilities: ['site:read'],
        created_at: expect.stringMatching(/^2026-04-16T12/),
        last_used_at: expect.stringMatching(/^2026-04-16T12/),
        problem: null,
        mend: null,
      },
    ]);
  });

  test('shows every profile, what is wrong, and the command that mends it', async () => {
    expect((await login()).code).toBe(0);
    expect((await login('login --with-token --profile dead', { stdin: bed.sandbox.mint([], { name: 'gone' }) })).code).toBe(0);
    bed.sandbox.state.tokens = bed.sandbox.state.tokens.filter(({ name }) => name !== 'gone');
    const run = await bed.dnx('auth status', signedOut);
    expect(run.code).toBe(4);
    expect(run.stdout).toContain('default *');
    expect(run.stdout).toContain('ada@example.com');
    expect(run.stderr).toContain(`dead at ${bed.sandbox.url}: Deploynix does not accept this token`);
    expect(run.stderr).toContain(`dnx login --profile dead --host ${bed.sandbox.url}`);
  });

  test('with DNX_TOKEN, the keychain is not touched', async () => {
    expect((await login('login --with-token --profile work')).code).toBe(0);
    bed.keychain.get = () => {
      throw new Error('touched');
    };
    const run = await bed.dnx('auth status --json');
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject([
      { profile: 'default', source: 'variable', user: 'ada@example.com', abilities: ['*'] },
      { profile: 'work', source: 'keychain' },
    ]);
  });

  test('signed in nowhere is exit 4', async () => {
    const run = await bed.dnx('auth status', signedOut);
    expect(run.code).toBe(4);
    expect(run.stderr).toContain('Not signed in');
    expect(run.stderr).toContain('dnx login');
  });
});
