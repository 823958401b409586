import { DnxError, isError, isStop } from '../../../base/errors.ts';
import { readText } from '../../../machine/files/text-file.ts';
import type { Located } from '../../../platform/names/names.ts';
import { isComment } from '../dotenv/entries.ts';
import type { Step } from '../sync/plan.ts';
import { counted, detailsOf } from '../sync/show.ts';
import { nextDeploy } from '../variables.ts';
import { openEditor } from './editor.ts';
import { type EditContext, type EditedFile, type Refusal, type Session, send } from './send.ts';

/** What was sent, and why not all of it. */
export interface Sent {
  readonly sent: readonly Step[];
  readonly failure?: DnxError;
}

/** Opens the editor until the changes are sent or the user gives up. */
export async function editUntilSent(
  ctx: EditContext,
  targets: Located,
  file: EditedFile,
  { yes, allowed }: Pick<Session, 'yes' | 'allowed'>,
): Promise<Sent> {
  const { base, hidden, unwritable } = file.draft;
  const session: Session = { ctx, targets, file, yes, allowed, base: new Map(base), unseen: new Set([...hidden, ...unwritable]), sent: [] };
  const { sent } = session;
  for (;;) {
    const opened = ctx.clock.elapsed();
    await openEditor(ctx, file.path);
    const text = readText(file.path);
    if (text === undefined) throw gaveUp(session, 'The file is gone');
    if (text === file.draft.text) {
      if (ctx.ask.allowed && ctx.clock.elapsed() - opened < QUICK_MS) ctx.progress.note(WAIT);
      return { sent };
    }
    if (base.size > 0 && text.split(/[\r\n]+/).every(isComment)) throw gaveUp(session, 'The file is empty');
    const refusal = await send(session, text).catch((error: unknown) => {
      if (isError(error)) return { error };
      throw error;
    });
    if (!refusal) return { sent };
    if (!ctx.ask.allowed || isStop(refusal.error)) {
      if (sent.length === 0) throw refusal.error;
      return { sent, failure: refusal.error };
    }
    await askAgain(session, refusal);
  }
}

/** An editor that ends sooner probably opened the file in another window. */
const QUICK_MS = 1_000;
const WAIT = 'If the editor is still open, tell it to wait, as in EDITOR="code --wait".';

/** Shows why the changes were not sent, and returns if the user wants to edit them again. */
async function askAgain(session: Session, { error, revised }: Refusal): Promise<void> {
  const { ask, progress } = session.ctx;
  if (error.code !== 'cancelled') progress.failed(error.message, error.details);
  if (!(await ask.confirm('Edit again?', true))) throw gaveUp(session);
  if (revised !== undefined) session.file.write(revised);
}

/** The error if the user gives up. Earlier attempts may have sent something. */
function gaveUp({ sent, targets: { site } }: Session, why = 'Cancelled'): DnxError {
  if (sent.length === 0) return new DnxError('cancelled', `${why}; nothing was changed.`);
  const already = `${counted(sent.length)} ${sent.length === 1 ? 'was' : 'were'} already changed`;
  return new DnxError('cancelled', `${why}; ${already}.`, { details: detailsOf(sent, 'past'), next: nextDeploy(site) });
}
