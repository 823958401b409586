import { exits } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
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
  if (!deployment) return ended;
  if (Array.isArray(data)) return { ...ended, results: JSON.stringify(data) };
  const { site, status, release, duration_s } = deployment;
  return {
    ...ended,
    status: status ?? '',
    release: release ?? '',
    duration: duration_s === null ? '' : String(duration_s),
    url: url ?? siteUrl(site) ?? '',
  };
}
