import { expect, test } from 'vitest';
import { effectOf, effectsWithOptions } from '../../src/cli/language/effect.ts';
import { wordsIn } from '../../src/cli/run/line.ts';
import { parse } from '../../src/cli/run/parse.ts';
import { tree } from '../../src/commands/index.ts';
import { split } from '../support/dnx.ts';
import { leaves } from '../support/tree.ts';

/** The commands with this effect, except those whose name alone says so. */
const having = (effect: string, ...usual: readonly string[]) =>
  leaves.flatMap(({ path, command }) => (effectOf(command) === effect && !usual.includes(command.name) ? [path] : []));

test('commands that do more than their requests say so', () => {
  expect(having('local')).toEqual([
    'auth switch',
    'config set',
    'config unset',
    'env pull',
    'db dump',
    'db pull',
    'storage pull',
    'backup download',
    'import forge',
    'import ploi',
    'agent install',
    'agent uninstall',
    'completion install',
    'completion uninstall',
    'link',
    'unlink',
    'upgrade',
  ]);
  expect(having('program')).toEqual([
    'token lease',
    'preview open',
    'env edit',
    'env run',
    'db tunnel',
    'db shell',
    'agent run',
    'sandbox start',
    'sandbox run',
    'sandbox shell',
    'open',
    'ssh',
    'artisan',
    'tinker',
    'tunnel',
    'cp',
    'mcp',
  ]);
  expect(having('destroy', 'delete')).toEqual([
    'auth refresh',
    'token revoke',
    'token rotate',
    'preview up',
    'preview down',
    'preview sweep',
    'env unset',
    'db import',
    'backup restore',
    'apply',
    'undo',
    'redo',
    'api',
  ]);
});

test('options with which a command does more, or only reads', () => {
  const found = leaves.flatMap(({ path, command }) => {
    const { notify: _, dry_run: dry, ...effects } = effectsWithOptions(command);
    expect(dry, path).toBeOneOf(['read', undefined]);
    return Object.keys(effects).length > 0 ? [[path, effects]] : [];
  });
  expect(Object.fromEntries(found)).toEqual({
    'site deploy': { verify_cmd: 'program' },
    'site watch': { result_file: 'local' },
    doctor: { out: 'local', deploy: 'change' },
    drift: { accept: 'local', result_file: 'local' },
    'env push': { prune: 'destroy' },
    export: { out: 'local' },
    'db query': { write: 'change' },
    'storage push': { delete: 'destroy' },
    link: { schema: 'read' },
    changes: { fetch: 'local' },
    apply: { allow_op: 'program', check: 'read', schema: 'read' },
    open: { print: 'read' },
    'preview open': { print: 'read' },
    ssh: { print: 'read', config: 'read' },
    audit: { update_baseline: 'local', result_file: 'local' },
    api: { schema: 'read', rate: 'read' },
  });
});

test.each([
  ['read', 'api /user'],
  ['read', 'api /backups -F status=completed'],
  ['change', 'api POST /servers'],
  ['destroy', 'api DELETE /servers/1'],
  ['read', 'api --schema DELETE /servers/1'],
  ['read', 'deploy shop.example.com --dry-run'],
  ['local', 'deploy shop.example.com --dry-run --out plan.json'],
  ['program', 'deploy shop.example.com --verify-cmd "npm test"'],
  ['program', 'watch shop.example.com --notify true'],
  ['program', 'env edit shop.example.com --dry-run'],
  ['read', 'ssh --config --all'],
  ['change', 'backup create'],
  ['change', 'backup create --site shop.example.com'],
  ['read', "db query shop.example.com 'DELETE FROM orders'"],
  ['change', "db query shop.example.com 'DELETE FROM orders' --write"],
])('%s: dnx %s', async (effect, line) => {
  const { line: typedLine } = await parse(split(line), tree);
  expect(typedLine && effectOf(typedLine.command, wordsIn(typedLine))).toBe(effect);
});
