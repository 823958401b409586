import { beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
let shown: string[];
beforeEach(() => {
  shown = [];
});

const desktop = { DISPLAY: ':0' };
const browser = (url: string) => shown.push(url) > 0;
const open = (line: string | readonly string[], env: Readonly<Record<string, string>> = desktop) => bed.dnx(line, { env, browser });

const serverOf = (name: string) => [...bed.sandbox.state.servers.values()].find((each) => each.name === name)?.id;
const siteOf = (domain: string) => [...bed.sandbox.state.sites.values()].find((each) => each.domain === domain);

/** Gives shop.example.com another domain, and returns its id. */
function rename(domain: string): string {
  const site = siteOf('shop.example.com');
  if (!site) throw new Error('The sandbox has no shop.example.com.');
  Object.assign(site, { domain });
  return site.id;
}

describe('dnx open', () => {
  test('opens a site with https if it has a valid certificate, else with http', async () => {
    const run = await open('open shop.example.com');
    expect([run.code, run.stderr, run.stdout]).toEqual([0, '', '✓ Opened https://shop.example.com\n']);
    expect((await open('open docs.example.com')).stdout).toBe('✓ Opened http://docs.example.com\n');
    expect(shown).toEqual(['https://shop.example.com', 'http://docs.example.com']);
  });

  test('opens https if the token cannot read certificates', async () => {
    const run = await bed.dnx('open shop.example.com --print', { env: { DNX_TOKEN: bed.sandbox.mint(['server:read', 'site:read']) } });
    expect([run.code, run.stderr, run.stdout]).toEqual([0, '', 'https://shop.example.com\n']);
  });

  test('opens the site of the project', async () => {
    await expect(bed.dnx('link docs.example.com')).toExit(0);
    expect((await open('open')).stdout).toBe('✓ Opened http://docs.example.com\n');
    expect((await open('open --print')).calls.filter((call) => /certificates$/.test(call))).toHaveLength(1);
  });

  test('opens a server and a site in the dashboard of the host', async () => {
    const { url } = bed.sandbox;
    const site = siteOf('shop.example.com')?.id;
    expect((await open('open web-1')).stdout).toBe(`✓ Opened ${url}/servers/${serverOf('web-1')}\n`);
    const run = await open('open shop.example.com --dashboard');
    expect(run.calls.some((call) => /certificates/.test(call))).toBe(false);
    expect(shown).toEqual([`${url}/servers/${serverOf('web-1')}`, `${url}/servers/${serverOf('web-1')}/sites/${site}`]);
  });

  test('--print opens nothing', async () => {
    const run = await open('open shop.example.com --print');
    expect([run.code, run.stderr, run.stdout]).toEqual([0, '', 'https://shop.example.com\n']);
    expect((await open('open shop.example.com --print --json')).json()).toEqual({ url: 'https://shop.example.com' });
    expect((await open('open shop.example.com --print --query url -o text')).stdout).toBe('https://shop.example.com\n');
    expect([shown, bed.children]).toEqual([[], []]);
  });

  test('prints the same JSON once it has opened the URL', async () => {
    expect((await open('open shop.example.com --json')).json()).toEqual({ url: 'https://shop.example.com' });
    expect(shown).toHaveLength(1);
  });

  test('opens the name of a domain with other letters in ASCII', async () => {
    rename('münchen.example');
    expect((await open('open münchen.example --print')).stdout).toBe('https://xn--mnchen-3ya.example\n');
  });

  test('a site that does not exist opens nothing', async () => {
    await expect(open('open nowhere.example.com')).toExit(6, { stdout: '' });
    await expect(open('open 01JQ8Z4T9G0000000000SR9999')).toExit(6, { stdout: '' });
    expect(shown).toEqual([]);
  });
});

describe('without a browser', () => {
  const note = 'No browser found.\n';

  test.each([
    ['without a display', {}],
    ['over SSH', { SSH_CONNECTION: '192.0.2.1 5 192.0.2.2 22', WSL_DISTRO_NAME: 'Debian' }],
  ])('%s, prints the URL', async (_, env) => {
    const run = await open('open shop.example.com', env);
    expect([run.code, run.stderr, run.stdout, shown]).toEqual([0, note, 'https://shop.example.com\n', []]);
  });

  test('on a desktop without a browser, prints the URL', async () => {
    const run = await bed.dnx('open shop.example.com', { env: desktop, browser: () => false });
    expect([run.code, run.stderr, run.stdout]).toEqual([0, note, 'https://shop.example.com\n']);
  });

  test.each([
    ['WSL', 'linux', { WSL_DISTRO_NAME: 'Debian' }],
    ['macOS', 'darwin', {}],
    ['Windows', 'win32', {}],
    ['Wayland over SSH', 'linux', { WAYLAND_DISPLAY: 'wayland-0', SSH_TTY: '/dev/pts/1' }],
  ] as const)('%s has one', async (_, platform, env) => {
    const run = await bed.dnx('open shop.example.com', { platform, env, browser });
    expect([run.code, shown]).toEqual([0, ['https://shop.example.com']]);
  });
});

describe('a domain that is not a host name', () => {
  test.each([
    '*.example.com',
    'x.com; touch y',
    'x.com;id',
    '-flag',
    '--help',
    'javascript:alert(1)',
    'x.com\nrm',
    '"&calc',
    '$(id).example.com',
    '`id`.example.com',
    "x'y.example.com",
    'x.com/path',
    'ada@x.com',
    'x.com:80',
    'x.com?q',
    'x%00.com',
    '%s.example.com',
    'http://[::1',
    '../../etc',
    ' ',
  ])('%j opens and runs nothing', async (domain) => {
    const id = rename(domain);
    const run = await open(['open', `web-1/${id}`], { ...desktop, BROWSER: 'firefox' });
    expect([run.code, run.stdout, shown, bed.children]).toEqual([1, '', [], []]);
    expect(run.stderr).toMatch(/^Error: No browser can open the domain '/);
    expect(run.stderr).toContain('See the site in the dashboard: dnx open ');
  });

  test('that is missing is not replaced by the id', async () => {
    const run = await open(`open web-1/${rename('')}`);
    expect([run.code, run.stdout, shown]).toEqual([1, '', []]);
    expect(run.stderr).toMatch(/^Error: Deploynix returned no domain for site '/);
  });

  test('is no obstacle for the dashboard', async () => {
    const id = rename('*.example.com');
    expect((await open('open *.example.com --dashboard --print')).stdout).toMatch(new RegExp(`/sites/${id}\\n$`));
  });
});

describe('BROWSER', () => {
  const url = 'https://shop.example.com';
  const commands = () => bed.children.map(({ file, args }) => [file, ...args]);
  const opened = async (BROWSER: string, options: Parameters<Bed['dnx']>[1] = {}) => {
    const run = await bed.dnx('open shop.example.com', { browser, ...options, env: { BROWSER, SSH_TTY: '/dev/pts/1' } });
    return [run.code, commands(), run.stderr];
  };

  test.each([
    ['firefox', ['firefox', url]],
    ['firefox --new-window %s --private', ['firefox', '--new-window', url, '--private']],
    ['app --url=%s', ['app', `--url=${url}`]],
    [`'/opt/My Browser/run' "a b" c`, ['/opt/My Browser/run', 'a b', 'c', url]],
    ['sh -c $(id)', ['sh', '-c', '$(id)', url]],
  ])('%s gets the URL', async (value, command) => {
    expect(await opened(value)).toEqual([0, [command], '']);
    expect(shown).toEqual([]);
  });

  test('is a list, of which the first that works is used', async () => {
    const child = ({ file }: { readonly file: string }) => (file === 'lynx' ? 0 : 1);
    expect(await opened('w3m:lynx:links', { child })).toEqual([
      0,
      [
        ['w3m', url],
        ['lynx', url],
      ],
      '',
    ]);
  });

  test('fails if none works, and says what to open', async () => {
    expect(await opened('w3m', { child: () => 2 })).toEqual([
      1,
      [['w3m', url]],
      `Error: The browser 'w3m' exited with code 2.\n  Open this URL yourself: ${url}\n`,
    ]);
  });

  test('Ctrl-C in the browser is exit 130, without another browser', async () => {
    expect(await opened('w3m:lynx', { child: () => 130 })).toEqual([130, [['w3m', url]], 'Interrupted.\n']);
  });

  test.each(['', '  ', ':', ' : '])('%j is none', async (value) => {
    expect(await opened(value)).toEqual([0, [], 'No browser found.\n']);
  });

  test('has semicolons and backslashes on Windows', async () => {
    const value = '"C:\\Program Files\\b.exe" -x;other';
    expect(await opened(value, { platform: 'win32' })).toEqual([0, [['C:\\Program Files\\b.exe', '-x', url]], '']);
  });

  test('has the terminal, and stdout only on one', async () => {
    await opened('w3m');
    expect(bed.children[0]).toMatchObject({ foreground: true, output: 'stderr' });
    await opened('w3m', { columns: 80 });
    expect(bed.children[1]?.output).toBeUndefined();
  });
});
