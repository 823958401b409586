import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openBed, type RunOptions } from '../support/dnx.ts';
import { type Change, changes, drop, edit, editor, remains, renameVariables, set, variablesOf } from '../support/editing.ts';
import { perTest } from '../support/fixtures.ts';

const bed = perTest(openBed);
beforeEach(() => renameVariables(bed));

const { own, values, elsewhere } = variablesOf(() => bed);
afterEach(() => expect(remains(bed)).toEqual([]));

describe('with --yes', () => {
  test('sends what was changed, and nothing else', async () => {
    const run = await bed.dnx(`${edit} --yes`, editor([(text) => drop('APP_THEME')(set('APP_NAME', '"lo cal"')(`${text}NEW=1\n`))]));
    expect(run).toExit(0, {
      stdout: '✓ Updated 3 variables of blog.example.com\n  added    NEW\n  changed  APP_NAME\n  removed  APP_THEME\n',
      stderr: 'Takes effect on the next deployment. Run: dnx deploy blog.example.com\n',
    });
    expect(values()).toEqual({ APP_NAME: 'lo cal', DB_PASSWORD: 'blog-password', NEW: '1' });
    expect(changes(run).sort()).toEqual(['DELETE /environment-variables', 'POST /environment-variables', 'PUT /environment-variables']);
  });

  test('prints keys for scripts, never values', async () => {
    const run = await bed.dnx(`${edit} --yes --json`, editor([set('APP_NAME', 'secret-value')]));
    expect(run.json()).toEqual({ site: 'blog.example.com', added: [], changed: ['APP_NAME'], removed: [] });
    const debug = await bed.dnx(`${edit} --yes --debug`, editor([set('APP_NAME', 'other-value')]));
    expect(`${run.stdout}${run.stderr}${debug.stdout}${debug.stderr}`).not.toMatch(/secret-value|other-value|blog-password/);
  });

  test('sends nothing if nothing was changed', async () => {
    const run = await bed.dnx(`${edit} --yes --deploy`, editor([(text) => text]));
    expect(run).toExit(0, { stdout: 'Nothing changed.\n', stderr: 'Nothing was deployed.\n' });
    const comment = await bed.dnx(`${edit} --yes --json`, editor([(text) => `${text}# a comment\n`]));
    expect(comment.json()).toEqual({ site: 'blog.example.com', added: [], changed: [], removed: [] });
    expect([...changes(run), ...changes(comment)]).toEqual([]);
  });

  test.each<[what: string, change: Change, code: number, words: string]>([
    ['an open quote', (text) => `${text}A="1\n`, 2, 'blog.example.com.env line 8: a quote is never closed'],
    ['a key that is set twice', (text) => `${text}APP_NAME=2\n`, 2, 'line 8: APP_NAME is set twice, first in line 5.'],
    ['a key without =', (text) => `${text}APP_URL\n`, 2, 'line 8: APP_URL has no value. Write APP_URL= for an empty one.'],
    ['text that is not UTF-8', (text) => text.replace('production', '\ufffd'), 2, 'the file is not valid UTF-8'],
    ['binary data', () => '\0\u0001\u0002=\n\n"\n', 2, 'blog.example.com.env line 1: '],
    ['a mask', set('DB_PASSWORD', '"••••••••"'), 2, 'The value of DB_PASSWORD is a mask, not a value. Nothing was sent.'],
    ['an empty file', () => '', 1, 'The file is empty; nothing was changed.'],
    ['only comments', (text) => text.replace(/^[^#].*\n/gm, ''), 1, 'The file is empty; nothing was changed.'],
  ])('refuses %s', async (_, change, code, words) => {
    const run = await bed.dnx(`${edit} --yes`, editor([change]));
    expect([run.code, run.stdout, changes(run)]).toEqual([code, '', []]);
    expect(run.stderr).toContain(words);
    expect(run.stderr).not.toContain('blog-password');
  });

  test('refuses to overwrite what changed at Deploynix meanwhile', async () => {
    const change: Change = (text) => {
      elsewhere('APP_NAME', 'theirs');
      return set('APP_NAME', 'ours')(set('APP_THEME', 'true')(text));
    };
    const run = await bed.dnx(`${edit} --yes`, editor([change]));
    expect([run.code, run.stdout, changes(run)]).toEqual([10, '', []]);
    expect(run.stderr).toBe('Error: Also changed at Deploynix: APP_NAME. Nothing was sent.\n  Run the command again.\n');
  });

  test('leaves other changes at Deploynix alone', async () => {
    const change: Change = (text) => {
      elsewhere('APP_THEME', 'theirs');
      bed.sandbox.state.environment_variables.push({ ...(own()[0] as never as object), id: 'NEW', key: 'THEIRS', value: '1' } as never);
      return set('APP_NAME', 'ours')(text);
    };
    await expect(bed.dnx(`${edit} --yes`, editor([change]))).toExit(0);
    expect(values()).toEqual({ APP_NAME: 'ours', APP_THEME: 'theirs', DB_PASSWORD: 'blog-password', THEIRS: '1' });
  });

  test('reports what was sent before a failure', async () => {
    bed.sandbox.faults.next({ method: 'DELETE' }, { status: 503 });
    const run = await bed.dnx(`${edit} --yes --deploy --json`, editor([(text) => drop('DB_PASSWORD')(set('APP_NAME', 'x')(text))]));
    expect([run.code, run.json()]).toEqual([12, { site: 'blog.example.com', added: [], changed: ['APP_NAME'], removed: [] }]);
    expect(changes(run)).not.toContain('POST /deploy');
    expect(run.stderr).toContain('1 of 2 variables was not sent');
  });

  test('takes all the time it needs; --timeout is for the deployment', async () => {
    const { child, ...options } = editor([set('APP_NAME', 'x')]);
    const slowly: RunOptions['child'] = async (of) => {
      await bed.clock.sleep(60 * 60_000);
      return child?.(of) ?? 0;
    };
    const run = await bed.dnx(`${edit} --yes --deploy --timeout 1m --json`, { ...options, child: slowly });
    expect([run.code, run.json()]).toMatchObject([0, { deployment: { outcome: 'succeeded' } }]);
    const late = await bed.dnx(`${edit} --yes --deploy --timeout 5s --json`, editor([set('APP_NAME', 'y')]));
    expect([late.code, late.json()]).toMatchObject([124, { deployment: { outcome: 'timed_out' } }]);
  });

  test('deploys with --deploy', async () => {
    const run = await bed.dnx(`${edit} --yes --deploy --json`, editor([set('APP_NAME', 'x')]));
    expect(run.json()).toMatchObject({ variables: { changed: ['APP_NAME'] }, deployment: { outcome: 'succeeded' } });
    const shown = await bed.dnx(`${edit} --yes --deploy`, editor([set('APP_NAME', 'y')]));
    expect(shown.stderr).toMatch(/^✓ Updated 1 variable of blog\.example\.com\nStarted a deployment of blog\.example\.com\n/);
  });
});

describe('on a terminal', () => {
  test('shows a plan without values, asks, and asks whether to deploy', async () => {
    const run = await bed.dnx(edit, editor([(text) => `${set('APP_NAME', 'secret-value')(text)}NEW=1\n`], 'y\rn\r'));
    expect([run.code, values()]).toMatchObject([0, { APP_NAME: 'secret-value', NEW: '1' }]);
    expect(run.stderr).toContain('  + NEW\n  ~ APP_NAME\n');
    expect(run.stderr).toContain('Update 2 variables of blog.example.com (web-1)?');
    expect(run.stderr).toContain('Updated 2 variables of blog.example.com. Deploy now?');
    expect(run.stdout).toMatch(/^✓ Updated 2 variables/);
    expect(run.stderr).not.toContain('secret-value');
  });

  test('deploys if the user wants to', async () => {
    const run = await bed.dnx(edit, editor([set('APP_NAME', 'x')], 'y\ry\r'));
    expect([run.code, changes(run)]).toEqual([0, ['PUT /environment-variables', 'POST']]);
    expect(run.stdout).toMatch(/^✓ Deployed blog\.example\.com in /);
  });

  test('does not ask about the deployment with --no-deploy', async () => {
    const run = await bed.dnx(`${edit} --no-deploy`, editor([set('APP_NAME', 'x')], 'y\r'));
    expect([run.code, run.stderr.includes('Deploy now?')]).toEqual([0, false]);
  });

  test('after no, the user may edit again or give up', async () => {
    const first = await bed.dnx(edit, editor([set('APP_NAME', 'x'), set('APP_NAME', 'y')], 'n\ry\ry\rn\r'));
    expect([first.code, values().APP_NAME]).toEqual([0, 'y']);
    const second = await bed.dnx(edit, editor([set('APP_NAME', 'z')], 'n\rn\r'));
    expect([second.code, values().APP_NAME, changes(second)]).toEqual([1, 'y', []]);
    expect(second.stderr).toContain('Cancelled; nothing was changed.\n');
  });

  test('after a mistake, the same text is edited again', async () => {
    const seen: string[] = [];
    const fix: Change = (text) => {
      seen.push(text);
      return text.replace('A="1', 'A="1"');
    };
    const run = await bed.dnx(edit, editor([(text) => `${text}A="1\n`, fix], 'y\ry\rn\r'));
    expect([run.code, values().A, seen.join('')]).toEqual([0, '1', expect.stringMatching(/\nA="1\n$/)]);
    expect(run.stderr).toContain('✗ blog.example.com.env line 8: a quote is never closed');
  });

  test('after a conflict, the file shows the value at Deploynix, and the user decides', async () => {
    const seen: string[] = [];
    const ours: Change = (text) => {
      elsewhere('APP_NAME', 'a "b" c');
      elsewhere('DB_PASSWORD', 'theirs');
      return drop('DB_PASSWORD')(set('APP_NAME', 'ours')(text));
    };
    const decide: Change = (text) => {
      seen.push(text);
      return text.replace('# DB_PASSWORD=theirs', 'DB_PASSWORD=theirs');
    };
    const run = await bed.dnx(edit, editor([ours, decide], 'y\ry\rn\r'));
    expect(seen.join('')).toContain(
      '# APP_NAME was changed at Deploynix, as below. Save to overwrite it.\n# APP_NAME=\'a "b" c\'\nAPP_NAME=ours\n',
    );
    expect(seen.join('')).toContain(
      '# DB_PASSWORD was changed at Deploynix, as below. You removed it; save to remove it there, too.\n# DB_PASSWORD=theirs\n',
    );
    expect([run.code, values()]).toMatchObject([0, { APP_NAME: 'ours', DB_PASSWORD: 'theirs' }]);
    expect(run.stderr).toContain('✗ Also changed at Deploynix: APP_NAME, DB_PASSWORD. Nothing was sent.');
  });

  test('after a rejected value, only the rest is sent', async () => {
    bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'Rejected.' } });
    const both: Change = (text) => set('APP_NAME', 'x')(set('APP_THEME', 'true')(text));
    const run = await bed.dnx(edit, editor([both, (text) => text.replace('APP_NAME=x', 'APP_NAME=z')], 'y\ry\ry\rn\r'));
    expect([run.code, values()]).toMatchObject([0, { APP_NAME: 'z', APP_THEME: 'true' }]);
    expect(run.stdout).toContain('✓ Updated 2 variables of blog.example.com\n');
  });

  test('after a rejected value, those that were sent may change again', async () => {
    bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'Rejected.' } });
    const both: Change = (text) => set('APP_NAME', 'x')(set('APP_THEME', 'true')(text));
    const again: Change = (text) => set('APP_NAME', 'z')(set('APP_THEME', 'maybe')(text));
    const run = await bed.dnx(edit, editor([both, again], 'y\ry\ry\rn\r'));
    expect([run.code, values()]).toMatchObject([0, { APP_NAME: 'z', APP_THEME: 'maybe' }]);
  });

  test('giving up after some were sent says so', async () => {
    bed.sandbox.faults.next({ method: 'PUT' }, { status: 422, body: { message: 'Rejected.' } });
    const run = await bed.dnx(edit, editor([(text) => set('APP_NAME', 'x')(set('APP_THEME', 'true')(text))], 'y\rn\r'));
    expect(run).toExit(1, { stdout: '' });
    expect(run.stderr).toMatch(/Cancelled; 1 variable was already changed\.\n {2}changed {2}APP_THEME\n/);
  });

  /** Changes a variable at Deploynix while the question is on the screen. */
  const meanwhile = (key: string) => {
    let reads = 0;
    bed.sandbox.faults.always({ method: 'GET', path: /environment-variables$/ }, (answer) => {
      reads += 1;
      // The third reading comes after the question.
      if (reads === 2) queueMicrotask(() => elsewhere(key, 'theirs'));
      return answer;
    });
  };

  test('variables that change during the question are planned again', async () => {
    meanwhile('APP_THEME');
    const run = await bed.dnx(edit, editor([set('APP_NAME', 'x')], 'y\ry\rn\r'));
    expect([run.code, values()]).toMatchObject([0, { APP_NAME: 'x', APP_THEME: 'theirs' }]);
    expect(run.stderr).toContain('Variables were changed at Deploynix meanwhile. Nothing was sent.\n');
  });

  test('a variable that changes during the question is not overwritten', async () => {
    meanwhile('APP_NAME');
    const run = await bed.dnx(edit, editor([set('APP_NAME', 'x')], 'y\rn\r'));
    expect([run.code, run.stdout, changes(run), values().APP_NAME]).toEqual([1, '', [], 'theirs']);
    expect(run.stderr).toContain('Also changed at Deploynix: APP_NAME. Nothing was sent.\n');
  });
});

describe('a draft that was not sent', () => {
  const kept = () => readdirSync(bed.directory, { recursive: true, encoding: 'utf8' }).filter((name) => /dnx-draft-[^/]+\/./.test(name));
  const path = () => join(bed.directory, kept()[0] ?? '');

  test.each([
    ['no', 'n\rn\r', 1, 'Cancelled; nothing was changed.'],
    ['Ctrl-C', '\u0003', 130, 'Interrupted; nothing was changed.'],
    ['no, and then Ctrl-C', 'n\r\u0003', 130, 'Interrupted; nothing was changed.'],
  ])('is kept for the user alone after %s, and where is said', async (_, typed, code, words) => {
    const run = await bed.dnx(edit, { ...editor([set('APP_NAME', 'a-long-one')], typed), columns: 400 });
    expect([run.code, kept().length, values().APP_NAME]).toEqual([code, 1, 'production']);
    expect(run.stderr).toContain(
      `${words}\n  Your draft is kept for a day, for you alone: ${path()}\n  Send it with: dnx env push ${path()} --site blog.example.com --server web-1\n`,
    );
    expect(readFileSync(path(), 'utf8')).toContain('\nAPP_NAME=a-long-one\n');
    expect([statSync(path()).mode & 0o777, statSync(dirname(path())).mode & 0o777]).toEqual([0o600, 0o700]);
    const sent = await bed.dnx(['env', 'push', path(), '--site', 'blog.example.com', '--yes', '--ours', '*']);
    expect([sent.code, values().APP_NAME]).toEqual([0, 'a-long-one']);
  });

  test('is removed after a day by the next command', async () => {
    await expect(bed.dnx(edit, editor([set('APP_NAME', 'x')], 'n\rn\r'))).toExit(1);
    const directory = dirname(path());
    const hoursAgo = (hours: number) =>
      utimesSync(directory, bed.clock.now() / 1_000 - hours * 3_600, bed.clock.now() / 1_000 - hours * 3_600);
    hoursAgo(23);
    await expect(bed.dnx('env pull --site blog.example.com')).toExit(0);
    expect(kept()).toHaveLength(1);
    hoursAgo(25);
    await expect(bed.dnx('env pull --site blog.example.com')).toExit(0);
    expect(existsSync(directory)).toBe(false);
  });

  test.each<[string, Change, number]>([
    ['was not changed', (text) => text, 0],
    ['is empty', () => '', 1],
  ])('is not kept if it %s', async (_, change, code) => {
    const run = await bed.dnx(edit, editor([change], 'n\rn\r'));
    expect([run.code, kept()]).toEqual([code, []]);
  });
});

test('without a terminal it needs --yes, and sends nothing', async () => {
  await expect(bed.dnx(edit, { env: { EDITOR: 'true' } })).toExit(2, {
    stdout: '',
    calls: [],
    stderr: 'Error: This requires confirmation.\n  Use --yes, or --dry-run to see what would happen.\n',
  });
  await expect(bed.dnx(`${edit} --yes --no-wait`, { env: { EDITOR: 'true' } })).toExit(2, { stderr: 'Error: --no-wait needs --deploy.\n' });
});
