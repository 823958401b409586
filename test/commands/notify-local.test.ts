import { describe, expect, test } from 'vitest';
import { openBed } from '../support/dnx.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);

const deploy = ['deploy', 'shop.example.com', '--server', 'web-1'];
const PATH = process.env.PATH;
describe('--notify COMMAND', () => {
  const notify = (command: string, more: readonly string[] = [], child: () => number = () => 0) =>
    bed.dnx([...deploy, ...more, '--notify', command], { env: { PATH }, child });

  test('runs in a shell with the result, after it was written', async () => {
    const run = await notify('notify-team "$DNX_OUTCOME"', ['--json']);
    expect(run).toExit(0);
    const [child] = bed.children;
    expect(child).toMatchObject({ file: 'sh', args: ['-c', 'notify-team "$DNX_OUTCOME"'], output: 'stderr' });
    expect(JSON.parse(child?.env.DNX_RESULT ?? '')).toEqual(run.json());
    expect(child?.env).toMatchObject({ DNX_OUTCOME: 'succeeded', DNX_EXIT_CODE: '0', PATH });
    expect(child?.env).not.toHaveProperty('DNX_TOKEN');
  });

  test('gets the outcome of a failure', async () => {
    bed.sandbox.state.fail_deploys = true;
    await expect(notify('echo failed', ['--json'])).toExit(1);
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
    await expect(notify('exit 3', [], () => 3)).toExit(1);
  });

  test('may be given several times, and each runs', async () => {
    const run = await bed.dnx([...deploy, '--notify', 'exit 3', '--notify', 'echo 2'], { child: () => 3 });
    expect([run.code, bed.children.map(({ args }) => args.at(-1))]).toEqual([0, ['exit 3', 'echo 2']]);
  });

  test('takes cmd on Windows', async () => {
    await expect(bed.dnx([...deploy, '--notify', 'echo %DNX_OUTCOME%'], { platform: 'win32', env: { PATH, PATHEXT: '.EXE' } })).toExit(0);
    expect(bed.children[0]).toMatchObject({ file: 'cmd', args: ['/d', '/s', '/c', '"echo %DNX_OUTCOME%"'], verbatim: true });
  });
});
