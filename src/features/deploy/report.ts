import { appendFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DnxError, reasonOf, systemCode, usage } from '../../base/errors.ts';
import { duration } from '../../base/time.ts';
import type { Context } from '../../cli/language/command.ts';
import type { Result, View } from '../../cli/output/view.ts';
import { silentCi } from '../../machine/ci.ts';
import { siteUrl } from '../../platform/names/names.ts';
import { commandResult, type DeployReport, type DeployResult } from './result.ts';

interface Options {
  readonly ci: boolean | undefined;
  readonly result_file: string | undefined;
  /** The URL of the site, if it differs from the domain. */
  readonly url?: string | undefined;
}

/** Runs a deployment and reports it to CI: annotations, outputs, summary, result file. */
export async function reportedDeployment<C extends Pick<Context, 'ci' | 'progress' | 'settings' | 'world'>>(
  given: C,
  options: Options,
  work: (ctx: C) => Promise<DeployReport | { readonly all: readonly DeployReport[]; readonly view: Result } | View>,
): Promise<Result> {
  const ctx: C = options.ci === false ? { ...given, ci: silentCi } : given;
  const file = options.result_file === undefined ? undefined : resolve(ctx.world.cwd, options.result_file);
  if (file) writable(file, options.result_file ?? file);
  const save = (value: unknown) => {
    if (file) write(file, value, (code) => ctx.progress.warn(`Could not write the result to ${options.result_file}: ${reason(code)}.`));
  };
  try {
    const done = await work(ctx);
    if ('kind' in done) return { view: done };
    const all = 'all' in done ? done.all : [done];
    for (const { result, failure } of all) if (failure) ctx.ci.error(`dnx: ${result.site}`, failure.message);
    const [only] = all;
    if ('all' in done || !only) ctx.ci.output({ outcome: overall(all), results: JSON.stringify(all.map(({ result }) => result)) });
    else ctx.ci.output(outputsOf(only.result, options.url));
    ctx.ci.summary(summaryOf(all));
    save('all' in done ? all.map(({ result }) => result) : only?.result);
    return 'all' in done ? done.view : commandResult(done, ctx, options.url);
  } catch (error) {
    if (error instanceof DnxError) {
      ctx.ci.error('dnx', error.message);
      save({ error: { code: error.code, message: error.message, status: error.status ?? null, errors: error.errors ?? null } });
    }
    throw error;
  }
}

/** Writes the result file. A failure is only a warning. */
function write(file: string, value: unknown, warn: (code: string | undefined) => void): void {
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    warn(systemCode(error));
  }
}

/** Fails before the deployment if the result file is not writable. */
function writable(file: string, given: string): void {
  try {
    appendFileSync(file, '');
  } catch (error) {
    throw usage(`Could not write ${given}: ${reason(systemCode(error))}.`);
  }
}

const reason = (code: string | undefined): string | undefined =>
  code === 'ENOENT' ? 'the folder does not exist' : (reasonOf(code) ?? code);

const overall = (all: readonly DeployReport[]): string => (all.every(({ failure }) => !failure) ? 'succeeded' : 'failed');

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
