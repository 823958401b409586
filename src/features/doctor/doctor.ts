import { DnxError } from '../../base/errors.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { type Check, failed, machine, type Needs, ok } from './machine.ts';
import { access, contact, credentials } from './network.ts';

const marks = { ok: '✓ ok', warning: '! warning', failed: '✗ failed', skipped: '– skipped' } as const;

/** Runs all checks. The result is safe to paste into a ticket. */
export async function examine(ctx: Needs): Promise<Result> {
  const { checks: held, signedIn } = await credentials(ctx);
  const reached = await contact(ctx, signedIn);
  const problems = ctx.settings.problems.map(({ message, hint }) => failed('files', message, hint ?? 'Fix or remove it'));
  const limits = ctx.settings.readOnly ? [ok('read-only', 'DNX_READ_ONLY is set: dnx sends only GET requests')] : [];
  const found = [...machine(ctx), ...limits, ...problems, ...held, ...reached.checks, ...(await access(ctx, reached, signedIn))];
  const all = found.map((each) => redacted(each, ctx.world));
  const failures = all.filter(({ verdict }) => verdict === 'failed');
  const warnings = all.filter(({ verdict }) => verdict === 'warning');
  const bad = failures.length + warnings.length;
  const attention = `${bad} of ${all.length} checks ${bad === 1 ? 'needs' : 'need'} attention.`;
  const shown = columns<Check>(
    'check',
    { key: 'verdict', title: 'Status', cell: ({ verdict }) => marks[verdict] },
    { key: 'detail', wrap: true },
    { key: 'fix', wrap: true },
  );
  const view = rows(all, shown, '');
  if (failures.length > 0) return { view, exit: new DnxError('failed', attention) };
  return { view, note: warnings.length > 0 ? attention : `All ${all.length} checks passed.` };
}

/** Removes email addresses, URL passwords and the path of the home directory. */
function redacted(check: Check, { home }: Needs['world']): Check {
  const clean = (text: string): string =>
    text
      .replace(/\/\/[^/@\s]+@/g, '//…@')
      .replaceAll(/(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)/g, '$1…@$2')
      .replaceAll(home.length > 1 ? home : '\0', '~');
  return { ...check, detail: clean(check.detail), fix: check.fix === null ? null : clean(check.fix) };
}
