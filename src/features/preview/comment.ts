import { DnxError, isStop } from '../../base/errors.ts';
import { visible } from '../../base/text.ts';
import { duration, shownTime } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import { dataIn, type Result } from '../../cli/output/view.ts';
import { runUrl } from '../../machine/ci.ts';
import { openOutputFile } from '../ci/result-files.ts';
import type { DeployResult } from '../deploy/result.ts';

/** The preview that a comment is about. */
interface CommentSubject {
  readonly mark: string;
  readonly branch: string;
  /** The commit of the branch at the remote. */
  readonly commit: string | undefined;
}

/** What a comment says of a preview that is there. */
interface CommentedPreview {
  readonly url: string | null;
  readonly deadline: string | null;
  readonly deployment: DeployResult | null;
}

/** The file of `--comment`, which is there however `preview up` ends. Removes that of an earlier run. Fails if it cannot be written. Without a name, and in a dry run, nothing is written. */
export function openComment({ world, recorder, progress }: Pick<Context, 'world' | 'recorder' | 'progress'>, name: string | undefined) {
  const file = name === undefined || recorder ? undefined : openOutputFile(name, '--comment', world);
  const link = runUrl(world.env);
  const write = (subject: CommentSubject, ending: Parameters<typeof previewComment>[1]) =>
    file?.write(previewComment(subject, { ...ending, log: link }));

  return {
    /** Runs `up`, and writes how it ended. What succeeded fails if the file cannot be written. */
    async around<D extends CommentedPreview>(subject: CommentSubject, up: () => Promise<Result<D>>): Promise<Result<D>> {
      try {
        const result = await up();
        const problem = write(subject, { preview: dataIn(result.view) as D | undefined, failed: Boolean(result.exit) });
        if (problem !== undefined && result.exit) progress.warn(problem);
        return problem === undefined || result.exit
          ? result
          : { ...result, exit: new DnxError('failed', `${problem} The command itself succeeded.`) };
      } catch (error) {
        const problem = isStop(error) ? undefined : write(subject, { preview: undefined, failed: true });
        if (problem !== undefined) progress.warn(problem);
        throw error;
      }
    },
  };
}

/**
 * The text of a comment. Its first line, which is not shown, is the same for each comment on a preview. It has no message of a failure: a
 * secret in that is masked in a log, but not in a comment.
 */
export function previewComment(
  { mark, branch, commit }: CommentSubject,
  { preview, failed, log }: { readonly preview: CommentedPreview | undefined; readonly failed: boolean; readonly log?: string | undefined },
): string {
  const { url, deadline, deployment } = preview ?? {};
  const { outcome, duration_s = null } = deployment ?? {};
  const time = duration_s === null ? '' : ` in ${duration(duration_s * 1000)}`;
  const state = outcome === 'timed_out' ? 'is not up yet.' : failed ? 'failed.' : `is up${url ? `: ${linked(url)}` : '.'}`;
  const facts = [
    failed && url && `URL: ${linked(url)}`,
    commit && `Commit: ${commit.slice(0, 7)}`,
    outcome && `Deployment: ${outcome.replaceAll('_', ' ')}${time}`,
    failed && log && `Log: ${linked(log)}`,
    deadline && `Removed after ${shownTime(deadline)}, or once the branch is gone`,
  ].filter(Boolean);
  const lines = facts.map((fact) => `- ${fact}\n`).join('');
  // A definition that nothing refers to: Bitbucket shows an HTML comment as text.
  return `[//]: # (dnx preview ${mark})\n\n**Preview of ${code(branch)}** ${state}\n${lines && `\n${lines}`}`;
}

/** Text as code, in which nothing is a link, a mention or HTML. */
function code(text: string): string {
  const shown = visible(text);
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const gap = /^`|`$/.test(shown) ? ' ' : '';
  return `${fence}${gap}${shown}${gap}${fence}`;
}

const linked = (url: string): string => (/^https?:\/\/[\w.:/-]+$/.test(url) ? `<${url}>` : code(url));
