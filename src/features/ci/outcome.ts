import { exits } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import { wordOf } from '../../base/text.ts';
import { siteUrl } from '../../platform/names/names.ts';
import type { DeployResult } from '../deploy/result.ts';

const isDeployment = (value: unknown): value is DeployResult =>
  isObject(value) && typeof value.site === 'string' && 'outcome' in value && 'duration_s' in value;

/** The deployments in the result of a command: one, a list, or the one after a change of variables. */
export function deploymentsIn(data: unknown): readonly DeployResult[] {
  if (isDeployment(data)) return [data];
  if (Array.isArray(data)) return data.every(isDeployment) ? data : [];
  return isObject(data) ? deploymentsIn(data.deployment) : [];
}

/** The outcome of a deployment, or what the exit code says: `succeeded`, `failed` or `timed_out`. */
export function outcomeOf(data: unknown, code: number): string {
  const [deployment] = Array.isArray(data) ? [] : deploymentsIn(data);
  if (deployment?.outcome) return deployment.outcome;
  if (code === 0) return 'succeeded';
  return code === exits.timed_out ? 'timed_out' : 'failed';
}

/** What later steps get to know, by name. */
export type Outputs = Readonly<Record<string, string>>;

/** The outputs of a command. Several deployments have `results`. `url`: the site's, if it differs from the domain. */
export function outputsOf(data: unknown, code: number, url: string | undefined): Outputs {
  const ended = { outcome: outcomeOf(data, code), exit_code: String(code) };
  const [deployment] = deploymentsIn(data);
  if (!deployment) return { ...ended, ...previewOutputs(data) };
  if (Array.isArray(data)) return { ...ended, results: JSON.stringify(data) };
  const { site, status, release, duration_s } = deployment;
  return {
    ...ended,
    status: status ?? '',
    release: release ?? '',
    duration: duration_s === null ? '' : String(duration_s),
    url: url ?? siteUrl(site) ?? '',
    ...previewOutputs(data),
  };
}

/**
 * What `preview up` adds. Not the branch, whose name could run something in the shell of a later step. `domain` and not `site`: as DNX_SITE, it
 * would be the default site of later jobs.
 */
function previewOutputs(data: unknown): Outputs {
  if (!isObject(data) || !('branch' in data && 'deadline' in data)) return {};
  return { url: wordOf(data.url), domain: wordOf(data.site), deadline: wordOf(data.deadline) };
}
