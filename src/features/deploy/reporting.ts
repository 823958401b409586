import { appendFileSync, writeFileSync } from 'node:fs';
import { DnxError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result, View } from '../../cli/output/view.ts';
import { silentCi } from '../../machine/ci.ts';
import { pathToWrite } from '../../machine/files/own-files.ts';
import { siteUrl } from '../../platform/names/names.ts';
import { commandResult, type DeployReport, type DeployResult } from './result.ts';

/** The options of a command that reports to CI. */
export interface ReportingOptions {
  readonly ci: boolean | undefined;
  readonly result_file: string | undefined;
  /** The URL of the site, if it differs from the domain. */
  readonly url?: string | undefined;
}

/** The reports of several sites, and the result of the command. */
export interface SeveralReports {
  readonly reports: readonly DeployReport[];
  readonly result: Result<readonly DeployResult[]>;
}

type Needs = Pick<Context, 'ci' | 'progress' | 'settings' | 'world'>;

/** Reports deployments to CI: annotations, outputs, summary, result file. Fails if the result file is not writable. */
export function openReporting(ctx: Needs, options: ReportingOptions) {
  const ci = options.ci === false ? silentCi : ctx.ci;
  const file = options.result_file === undefined ? undefined : pathToWrite(options.result_file, ctx.world);
  if (file) refuseUnwritable(file, options.result_file ?? file);
  const save = (value: unknown): string | undefined => {
    const code = file && write(file, value);
    return code && `Could not write the result to ${options.result_file}: ${reason(code)}.`;
  };
  /** The failure to write the result, unless the deployment failed: then only a warning. */
  const saved = <D>(value: unknown, result: Result<D>): Result<D> => {
    const problem = save(value);
    if (problem === undefined) return result;
    if (result.exit === undefined) return { ...result, exit: new DnxError('failed', `${problem} The deployment succeeded.`) };
    ctx.progress.warn(problem);
    return result;
  };
  const failed = (error: unknown): never => {
    if (error instanceof DnxError) {
      ci.error('dnx', error.message);
      const problem = save({
        error: { code: error.code, message: error.message, status: error.status ?? null, errors: error.errors ?? null },
      });
      if (problem) ctx.progress.warn(problem);
    }
    throw error;
  };
  const annotate = (reports: readonly DeployReport[]) => {
    for (const { result, failure } of reports) if (failure) ci.error(`dnx: ${result.site}`, failure.message);
  };
  return {
    ci,
    /** The result of one deployment. A message is not about one. */
    async ofOne<D = never>(work: Promise<DeployReport | View<D>>): Promise<Result<DeployResult | D>> {
      const done = await work.catch(failed);
      if ('kind' in done) return { view: done };
      annotate([done]);
      ci.output(outputsOf(done.result, options.url));
      ci.summary(summaryOf([done]));
      return saved(done.result, commandResult(done, ctx, options.url));
    },
    async ofSeveral(work: Promise<SeveralReports>) {
      const { reports, result } = await work.catch(failed);
      const results = reports.map((report) => report.result);
      annotate(reports);
      ci.output({ outcome: reports.every(({ failure }) => !failure) ? 'succeeded' : 'failed', results: JSON.stringify(results) });
      ci.summary(summaryOf(reports));
      return saved(results, result);
    },
  };
}

/** Writes the result file. Returns the code of a failure. */
function write(file: string, value: unknown): string | undefined {
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
    return undefined;
  } catch (error) {
    return systemCode(error);
  }
}

/** Fails before the deployment if the result file is not writable. */
function refuseUnwritable(file: string, name: string): void {
  try {
    appendFileSync(file, '');
  } catch (error) {
    throw usage(`Could not write ${name}: ${reason(systemCode(error))}.`);
  }
}

const reason = (code: string | undefined): string | undefined =>
  code === 'ENOENT' ? 'the folder does not exist' : (reasonOf(code) ?? code);

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

/** Escapes text for a Markdown table cell. */
const cell = (value: string): string => value.replace(/[\r\n]+/g, ' ').replace(/[\\|<>`[\]]/g, '\\$&');
