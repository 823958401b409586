import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Bed, openBed } from '../support/dnx.ts';

let bed: Bed;
beforeEach(async () => {
  bed = await openBed();
});
afterEach(() => bed.close());

const deploy = ['deploy', 'shop.example.com', '--server', 'web-1'];
const PATH = process.env.PATH;
const hostile = `it's "quoted"; touch x $(touch y) \`touch z\` end`;

/** Deploys a site whose domain a shell, AppleScript or PowerShell could misread. */
function deployHostile(how: string, platform: NodeJS.Platform) {
  const [site] = bed.sandbox.state.sites;
  if (!site) throw new Error('the seed has sites');
  site.domain = hostile;
  return bed.dnx(['deploy', site.id, '--server', site.server_id, '--notify', how], { platform, env: { PATH, PATHEXT: '.EXE' } });
}

describe('--notify bell', () => {
  test('rings on a terminal, after the result', async () => {
    const run = await bed.dnx([...deploy, '--notify', 'bell'], { columns: 100 });
    expect([run.code, run.stderr.endsWith('\u0007'), run.stdout.includes('\u0007')]).toEqual([0, true, false]);
  });

  test('writes nothing elsewhere', async () => {
    const run = await bed.dnx([...deploy, '--notify', 'bell']);
    expect([run.code, run.stderr.includes('\u0007')]).toEqual([0, false]);
  });
});

describe('--notify desktop', () => {
  const text = `✓ Deployed ${hostile} in 16s`;

  test('passes the text as an argument on Linux', async () => {
    expect((await deployHostile('desktop', 'linux')).code).toBe(0);
    expect(bed.children).toMatchObject([{ file: 'notify-send', args: ['--app-name=dnx', '--', text], output: 'stderr' }]);
  });

  test('passes the text as an argument on macOS', async () => {
    expect((await deployHostile('desktop', 'darwin')).code).toBe(0);
    const [child] = bed.children;
    expect([child?.file, child?.args.at(-1)]).toEqual(['osascript', text]);
    expect(child?.args.slice(0, -1).join(' ')).not.toContain('touch');
  });

  test('passes the text as a variable on Windows', async () => {
    expect((await deployHostile('desktop', 'win32')).code).toBe(0);
    const [child] = bed.children;
    expect([child?.file, child?.env.NOTIFICATION]).toEqual(['powershell.exe', text]);
    const script = Buffer.from(child?.args.at(-1) ?? '', 'base64').toString('utf16le');
    expect(script).toContain('CreateTextNode($env:NOTIFICATION)');
    expect(script).not.toContain('touch');
  });

  test('gives the program neither the token nor DNX_NOTIFY', async () => {
    const run = await bed.dnx(deploy, { env: { DNX_NOTIFY: 'desktop' } });
    expect([run.code, bed.children.length]).toEqual([0, 1]);
    expect(Object.keys(bed.children[0]?.env ?? {}).filter((name) => /TOKEN|NOTIFY/.test(name))).toEqual([]);
  });
});

describe('--notify COMMAND', () => {
  const notify = (command: string, more: readonly string[] = [], child: () => number = () => 0) =>
    bed.dnx([...deploy, ...more, '--notify', command], { env: { PATH }, child });

  test('runs in a shell with the result, after it was written', async () => {
    const run = await notify('notify-team "$DNX_OUTCOME"', ['--json']);
    expect(run.code).toBe(0);
    const [child] = bed.children;
    expect(child).toMatchObject({ file: 'sh', args: ['-c', 'notify-team "$DNX_OUTCOME"'], output: 'stderr' });
    expect(JSON.parse(child?.env.DNX_RESULT ?? '')).toEqual(run.json());
    expect(child?.env).toMatchObject({ DNX_OUTCOME: 'succeeded', DNX_EXIT_CODE: '0', PATH });
    expect(child?.env).not.toHaveProperty('DNX_TOKEN');
  });

  test('gets the outcome of a failure', async () => {
    bed.sandbox.state.fail_deploys = true;
    expect((await notify('echo failed', ['--json'])).code).toBe(1);
    expect(bed.children[0]?.env).toMatchObject({ DNX_OUTCOME: 'failed', DNX_EXIT_CODE: '1' });
  });

  test('gets the error if there is no result', async () => {
    const run = await bed.dnx(['deploy', 'nothing.example.com', '--server', 'web-1', '--notify', 'echo failed']);
    expect([run.code, JSON.parse(bed.children[0]?.env.DNX_RESULT ?? '')]).toMatchObject([6, { error: { code: 'not_found' } }]);
  });

  test('that fails is one warning and keeps the exit code', async () => {
    const run = await notify('exit 3', [], () => 3);
    expect([run.code, run.stdout.startsWith('✓ Deployed')]).toEqual([0, true]);
    expect(run.stderr.trim().split('\n').at(-1)).toBe('! Could not notify: the command exited with code 3.');
    bed.sandbox.state.fail_deploys = true;
    expect((await notify('exit 3', [], () => 3)).code).toBe(1);
  });

  test('may be given several times, and each runs', async () => {
    const run = await bed.dnx([...deploy, '--notify', 'exit 3', '--notify', 'bell', '--notify', 'echo 2'], {
      columns: 100,
      child: () => 3,
    });
    expect(run.code).toBe(0);
    expect(bed.children.map(({ args }) => args.at(-1))).toEqual(['exit 3', 'echo 2']);
    expect(run.stderr).toContain('\u0007');
  });

  test('takes cmd on Windows', async () => {
    expect((await deployHostile('echo %DNX_OUTCOME%', 'win32')).code).toBe(0);
    expect(bed.children[0]).toMatchObject({ file: 'cmd', args: ['/d', '/s', '/c', '"echo %DNX_OUTCOME%"'], verbatim: true });
  });
});
