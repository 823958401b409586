import { DnxError } from '../../base/errors.ts';
import { columns, type Result, rows } from '../../cli/output/view.ts';
import { access, credentials } from './account.ts';
import { type Check, failed, type Needs } from './check.ts';
import { machine } from './machine.ts';
import { contact } from './network.ts';

const marks = { ok: '✓ ok', warning: '! warning', failed: '✗ failed', skipped: '– skipped' } as const;

/** Looks at everything that dnx depends on. What it says is safe to paste into a ticket. */
export async function examine(ctx: Needs): Promise<Result> {
  const { checks: held, signedIn } = await credentials(ctx);
  const reached = await contact(ctx, signedIn);
  const problems = ctx.settings.problems.map(({ message, hint }) => failed('files', message, hint ?? 'Fix or remove it'));
  const found = [...machine(ctx), ...problems, ...held, ...reached.checks, ...(await access(ctx, reached, signedIn))];
  const all = found.map((each) => redacted(each, ctx.world));
  const bad = all.filter(({ verdict }) => verdict === 'failed');
  const shown = columns<Check>(
    'check',
    { key: 'verdict', cell: ({ verdict }) => marks[verdict] },
    { key: 'detail', wrap: true },
    { key: 'mend', wrap: true },
  );
  const failure =
    bad.length === 0
      ? undefined
      : new DnxError('failed', `${bad.length} of ${all.length} checks failed: ${bad.map(({ check }) => check).join(', ')}.`, {
          hint: bad.map(({ check, mend }) => `${check}: ${mend}`).join('\n'),
        });
  return { view: rows(all, shown, ''), exit: failure };
}

/** Without mail addresses, passwords in URLs, and the name in the home directory. */
function redacted(check: Check, { home }: Needs['world']): Check {
  const clean = (text: string): string =>
    text
      .replace(/\/\/[^/@\s]+@/g, '//…@')
      .replaceAll(/(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)/g, '$1…@$2')
      .replaceAll(home.length > 1 ? home : '\0', '~');
  return { ...check, detail: clean(check.detail), mend: check.mend === null ? null : clean(check.mend) };
}
