import { appendFileSync, writeFileSync } from 'node:fs';
import { DnxError, systemCode, systemReason, usage } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Given } from '../../cli/language/options.ts';
import type { Result, View } from '../../cli/output/view.ts';
import { silentCi } from '../../machine/ci.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { siteUrl } from '../../platform/names/names.ts';
import { commandResult, type DeployReport, type DeployResult } from './result.ts';

/** The options of a command that reports to CI. */
export type ReportingOptions = Given<{ ci: boolean; result_file: string /** If it differs from the domain. */; url?: string }>;

/** The reports of several sites, and the result of the command. */
export interface SeveralReports {
  readonly reports: readonly DeployReport[];
  readonly result: Result<readonly DeployResult[]>;
}

/** Reports deployments to CI: annotations, outputs, summary, result file. Fails if the result file is not writable. */
export function openReporting(ctx: Context, { ci: isOn, result_file, url }: ReportingOptions) {
  const ci = isOn === false ? silentCi : ctx.ci;
  const file = result_file === undefined ? undefined : pathToWrite(result_file, ctx.world);
  const unwritable = file && problemOf(() => appendFileSync(file, ''));
  if (unwritable) throw usage(`Could not write ${result_file}: ${unwritable}.`);
  const save = (value: unknown): string | undefined => {
    const problem = file && problemOf(() => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`));
    return problem && `Could not write the result to ${result_file}: ${problem}.`;
  };
  const failed = (error: unknown): never => {
    if (error instanceof DnxError) {
      const { code, message, status = null, errors = null } = error;
      ci.error('dnx', message);
      const problem = save({ error: { code, message, status, errors } });
      if (problem) ctx.progress.warn(problem);
    }
    throw error;
  };
  /** The result, which fails if the file cannot be written. If the deployment failed, that is only a warning. */
  const reported = <D>(
    reports: readonly DeployReport[],
    outputs: Parameters<typeof ci.output>[0],
    value: unknown,
    result: Result<D>,
  ): Result<D> => {
    for (const {
      result: { site },
      failure,
    } of reports)
      if (failure) ci.error(`dnx: ${site}`, failure.message);
    ci.output(outputs);
    ci.summary(summaryOf(reports));
    const problem = save(value);
    if (problem && !result.exit) return { ...result, exit: new DnxError('failed', `${problem} The deployment succeeded.`) };
    if (problem) ctx.progress.warn(problem);
    return result;
  };
  return {
    ci,
    /** The result of one deployment. A message is not about one. */
    async ofOne<D = never>(work: Promise<DeployReport | View<D>>): Promise<Result<DeployResult | D>> {
      const done = await work.catch(failed);
      if ('kind' in done) return { view: done };
      return reported([done], outputsOf(done.result, url), done.result, commandResult(done, ctx, url));
    },
    async ofSeveral(work: Promise<SeveralReports>) {
      const { reports, result } = await work.catch(failed);
      const results = reports.map((report) => report.result);
      const outcome = reports.every(({ failure }) => !failure) ? 'succeeded' : 'failed';
      return reported(reports, { outcome, results: JSON.stringify(results) }, results, result);
    },
  };
}

/** Why a file cannot be written; undefined if it could. */
function problemOf(write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? 'the folder does not exist' : systemReason(error);
  }
}

const outputsOf = (result: DeployResult, url: string | undefined) => ({
  status: result.status ?? '',
  outcome: result.outcome ?? '',
  release: result.release ?? '',
  duration: result.duration_s === null ? '' : String(result.duration_s),
  url: url ?? siteUrl(result.site) ?? '',
});

function summaryOf(all: readonly DeployReport[]): string {
  const cells = ({ site, server, outcome, release, duration_s }: DeployResult) =>
    [site, server, outcome ?? 'not started', release ?? '–', duration_s === null ? '–' : duration(duration_s * 1000)].map(cell).join(' | ');
  const heads = ['| Site | Server | Outcome | Release | Duration |', '|---|---|---|---|---|'];
  const reasons = all.flatMap(({ failure }) => (failure ? [`- ${cell(failure.message)}`] : []));
  return [...heads, ...all.map(({ result }) => `| ${cells(result)} |`), '', ...reasons].join('\n');
}

const cell = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[\\|<>`[\]]/g, '\\$&');
