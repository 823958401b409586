import { describe, expect, test } from 'vitest';
import { onWindows } from '../../src/machine/child.ts';
import type { Env } from '../../src/machine/world.ts';

const REPOSITORY = 'C:\\repo';

/** How a program runs on a machine with these files; undefined if there is none. */
function found(words: readonly string[], files: readonly string[], env: Env = {}) {
  const [file = '', ...args] = words;
  const known = new Set(files.map((each) => each.toLowerCase()));
  const isFile = (path: string) => known.has(path.toLowerCase());
  return onWindows({ file, args, env: { Path: 'C:\\bin;"C:\\Program Files\\nodejs";.;tools', ...env } }, REPOSITORY, isFile);
}
const fileOf = (word: string, files: readonly string[], env?: Env) => found([word], files, env)?.file.toLowerCase();

describe('a program', () => {
  test('is never one of the working directory', () => {
    expect(fileOf('git', ['C:\\repo\\git.exe', 'C:\\repo\\git.cmd', 'C:\\repo\\tools\\git.exe'])).toBeUndefined();
    expect(fileOf('git', ['C:\\repo\\git.exe', 'C:\\bin\\git.exe'])).toBe('c:\\bin\\git.exe');
  });

  test('may be named with its directory', () => {
    expect(fileOf('.\\build', ['C:\\repo\\build.exe'])).toBe('c:\\repo\\build.exe');
    expect(fileOf('vendor/bin/pint', ['C:\\repo\\vendor\\bin\\pint', 'C:\\repo\\vendor\\bin\\pint.bat'])).toBe(
      'c:\\windows\\system32\\cmd.exe',
    );
    expect(fileOf('D:\\x.exe', ['D:\\x.exe'])).toBe('d:\\x.exe');
    expect(fileOf('.\\nope', [])).toBeUndefined();
  });

  test('is found by the order of PATH, then PATHEXT', () => {
    const files = ['C:\\Program Files\\nodejs\\npm', 'C:\\Program Files\\nodejs\\npm.cmd', 'C:\\Program Files\\nodejs\\npm.ps1'];
    expect(found(['npm'], files)?.args.at(-1)).toBe('""C:\\Program Files\\nodejs\\npm.cmd""');
    expect(fileOf('php', ['C:\\Program Files\\nodejs\\php.com', 'C:\\bin\\php.exe'])).toBe('c:\\bin\\php.exe');
    expect(fileOf('php', ['C:\\bin\\php.exe', 'C:\\bin\\php.com'])).toBe('c:\\bin\\php.com');
    expect(fileOf('php.exe', ['C:\\bin\\php.exe', 'C:\\bin\\php.exe.cmd'])).toBe('c:\\bin\\php.exe');
    expect(fileOf('node.js', ['C:\\bin\\node.js.exe'])).toBe('c:\\bin\\node.js.exe');
  });

  test('runs as it is unless cmd must read it', () => {
    expect(found(['php', 'a b', '%PATH%'], ['C:\\bin\\php.exe'])).toMatchObject({ file: 'C:\\bin\\php.exe', args: ['a b', '%PATH%'] });
    // execa reads its first line.
    expect(found(['./artisan', 'about'], ['C:\\repo\\artisan'])).toMatchObject({ file: 'C:\\repo\\artisan', args: ['about'] });
  });

  test('cmd is the one that Windows names', () => {
    const line = ['/d', '/s', '/c', '"echo %X%"'] as const;
    const program = { file: 'cmd', args: line, env: { comspec: 'D:\\Windows\\system32\\cmd.exe' }, verbatim: true } as const;
    expect(onWindows(program, REPOSITORY, () => false)).toEqual({ ...program, file: 'D:\\Windows\\system32\\cmd.exe' });
    expect(fileOf('cmd', [], { SystemRoot: 'E:\\Windows' })).toBe('e:\\windows\\system32\\cmd.exe');
  });
});

describe('an argument of a batch file', () => {
  const lineOf = (...args: string[]) => found(['x', ...args], ['C:\\bin\\x.cmd'], { COMSPEC: 'C:\\cmd.exe' })?.args.at(-1);

  test.each([
    ['plain', 'plain'],
    ['--flag=x', '"--flag=x"'],
    ['C:\\a\\b', 'C:\\a\\b'],
    ['C:\\a\\', '"C:\\a\\\\"'],
    ['', '""'],
    ['a b', '"a b"'],
    ['"&calc&"', '"""&calc&"""'],
    ['\\"', '"\\\\"""'],
    ['%PATH%', '"%%cd:~,%PATH%%cd:~,%"'],
    ['^&|<>()!', '"^&|<>()!"'],
    ['é', '"é"'],
  ])('cannot be interpreted: %s', (word, written) => {
    expect(lineOf(word)).toBe(`"C:\\bin\\x.cmd ${written}"`);
  });

  test('has an even number of quotes before anything that cmd interprets', () => {
    for (const word of ['"&calc&"', 'a"&b', '"', '""', '"""|x', '\\"&\\"', 'a\\\\"&b"c']) {
      const line = lineOf(word) ?? '';
      for (const [index, character] of [...line].entries())
        if ('&|<>^'.includes(character)) expect([word, (line.slice(1, index).split('"').length - 1) % 2]).toEqual([word, 1]);
    }
  });

  test.each(['a\nb', 'a\rb', 'a\0b'])('with a line break is refused: %j', (word) => {
    expect(() => lineOf(word)).toThrow('A batch file cannot receive an argument with a line break.');
  });

  test('reaches cmd without variables in exclamation marks and without AutoRun', () => {
    expect(found(['x'], ['C:\\bin\\x.bat'], { COMSPEC: 'C:\\cmd.exe' })).toMatchObject({
      file: 'C:\\cmd.exe',
      args: ['/e:ON', '/v:OFF', '/d', '/s', '/c', '"C:\\bin\\x.bat"'],
      verbatim: true,
    });
  });
});
