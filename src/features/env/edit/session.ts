import { cancelled, DnxError, isError, isStop, usage } from '../../../base/errors.ts';
import { readText } from '../../../machine/files/text-file.ts';
import type { Located } from '../../../platform/names/names.ts';
import { resolveReferences } from '../references/references.ts';
import { applyPlan } from '../sync/apply.ts';
import { isMask, remoteSide } from '../sync/masks.ts';
import { baseOf } from '../sync/merge.ts';
import { changesOf, type Plan, type Step, samePlan, stepsOf } from '../sync/plan.ts';
import { planPush } from '../sync/push-plan.ts';
import { counted, detailsOf, planLines } from '../sync/show.ts';
import { listEndpoint, nextDeploy, type Variable } from '../variables.ts';
import { type Draft, variablesIn, withConflicts } from './draft.ts';
import type { EditContext } from './edit.ts';
import { openEditor } from './editor.ts';
import { failureOf } from './outcome.ts';

/** A file in the editor. */
interface Edited {
  readonly path: string;
  /** The file in messages. */
  readonly name: string;
  readonly draft: Draft;
  /** True if the changes are sent without a question. */
  readonly yes: boolean;
}

/** What the user has seen of Deploynix, and what was sent so far. */
interface Session extends Edited {
  readonly ctx: EditContext;
  readonly targets: Located;
  readonly base: Map<string, string>;
  /** Variables whose value the user could not see and may set. */
  readonly unseen: Set<string>;
  readonly sent: Step[];
}

/** Opens the editor until the changes are sent, or the user gives up. Returns the changes; none if the file stays as it is. */
export async function editUntilSent(ctx: EditContext, targets: Located, edited: Edited): Promise<readonly Step[]> {
  const { base, hidden, unwritable } = edited.draft;
  const session: Session = { ...edited, ctx, targets, base: new Map(base), unseen: new Set([...hidden, ...unwritable]), sent: [] };
  for (;;) {
    const started = ctx.clock.elapsed();
    await openEditor(ctx, edited.path);
    const text = read(session);
    if (text === edited.draft.text) {
      if (ctx.clock.elapsed() - started < 1_000 && ctx.ask.allowed) ctx.progress.note('If your editor returns at once, …');
      return session.sent;
    }
    try {
      await send(session, text);
      return session.sent;
    } catch (error) {
      await editAgain(session, error);
    }
  }
}
