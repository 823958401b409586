import { DnxError } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { painted, safeLine } from '../../cli/output/text.ts';
import { columns, type Reports, rows } from '../../cli/output/view.ts';
import type { World } from '../../machine/world.ts';
import { type DoctorCheck, failed, machineChecks, passed } from './machine.ts';
import { accessChecks, contactChecks, credentialChecks } from './network.ts';

const marks = { ok: '✓', warning: '!', failed: '✗', skipped: '–' } as const;
const tones = { ok: 'green', warning: 'yellow', failed: 'red', skipped: 'dim' } as const;

/** Runs all checks. The result is safe to paste into a ticket. */
export async function examineSetup(ctx: Context) {
  const { checks: held, signedIn } = await credentialChecks(ctx);
  const reached = await contactChecks(ctx, signedIn);
  const problems = ctx.settings.problems.map(({ message, hint }) => failed('files', message, hint ?? 'Fix or remove it'));
  const limits = ctx.settings.readOnly ? [passed('read-only', 'DNX_READ_ONLY is set: dnx sends only GET requests')] : [];
  const found = [
    ...machineChecks(
      ctx,
      held.some(({ check, verdict }) => check === 'keychain' && verdict === 'warning'),
    ),
    ...limits,
    ...problems,
    ...held,
    ...reached.checks,
    ...(await accessChecks(ctx, reached.reply, signedIn)),
  ];
  const all = found.map((check) => redacted(check, ctx.world));
  const failures = all.filter(({ verdict }) => verdict === 'failed');
  const warnings = all.filter(({ verdict }) => verdict === 'warning');
  const bad = failures.length + warnings.length;
  const attention = `${bad} of ${all.length} checks ${bad === 1 ? 'needs' : 'need'} attention.`;
  const shown = columns<DoctorCheck>(
    'check',
    { key: 'verdict', title: 'Status', tone: ({ verdict }) => tones[verdict] },
    { key: 'detail', wrap: true },
    { key: 'fix', wrap: true },
  );
  const view = { ...rows(all, shown, ''), reports: { table: async (page) => checkList(all, page) } satisfies Reports };
  if (failures.length > 0) return { view, exit: new DnxError('failed', attention) };
  return { view, note: warnings.length > 0 ? attention : `All ${all.length} checks passed.` };
}

function checkList(checks: readonly DoctorCheck[], { style, wrap }: Parameters<Reports['table']>[0]): string {
  const width = Math.max(...checks.map(({ check }) => check.length));
  const indent = width + 4;
  const lines = checks.flatMap(({ check, verdict, detail, fix }) => {
    const mark = style[tones[verdict]](marks[verdict]);
    const found = painted(safeLine(detail), style, verdict === 'skipped' ? style.dim : undefined);
    const below = fix === null ? [] : [painted(`${' '.repeat(indent)}${safeLine(fix)}`, style)];
    return [`${mark} ${check.padEnd(width)}  ${found}`, ...below].map((line) => `${wrap(line, indent)}\n`);
  });
  return lines.join('');
}

/** Removes email addresses, URL passwords and the path of the home directory. */
function redacted(check: DoctorCheck, { home }: World): DoctorCheck {
  const clean = (text: string): string =>
    text
      .replace(/\/\/[^/@\s]+@/g, '//…@')
      .replaceAll(/(?<![\w.+-])([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)/g, '$1…@$2')
      .replaceAll(home.length > 1 ? home : '\0', '~');
  return { ...check, detail: clean(check.detail), fix: check.fix === null ? null : clean(check.fix) };
}
