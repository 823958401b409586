import { usage } from '../../base/errors.ts';
import type { Consent, Context } from '../../cli/language/command.ts';
import type { Origin } from '../../machine/settings/host.ts';
import { allowanceOf, within } from '../../platform/api/deadline.ts';
import type { Located, Target, Targets } from '../../platform/names/names.ts';
import { linkConsent } from '../link/confirmation.ts';
import { deploySite } from './deploy-site.ts';
import { type DeployValues, noDeployOptions, refuseContradictions, verificationOf } from './options.ts';
import { commandResult } from './result.ts';
import type { DeployContext } from './site.ts';

/** `dnx deploy`. With --all the result is a list, even for a single site. */
export async function deploy(outer: DeployContext & { readonly all: readonly Targets[] }, values: DeployValues) {
  const { all } = outer;
  if (all.length === 0) throw usage('Nothing to deploy: there are no sites.');
  refuseContradictions(values);
  const canary = canaryOf(all, values);
  const verification = verificationOf(values);
  if (outer.recorder) {
    const inOrder = canary ? [canary, ...all.filter((targets) => targets !== canary)] : all;
    return (await import('../changes/dry-run.ts')).recordDeployments(outer, inOrder, values, verification);
  }
  if (all.length > 1 || values.all)
    return (await import('./deploy-several.ts')).deploySeveral(outer, all, values, { verification, canary });
  const close = outer.ci.group(`Deploy ${outer.targets.site?.label}`);
  return commandResult(await deploySite(outer, values, verification).finally(close), outer, values.url);
}

/** Deploys a site as a step of another command. */
export function deployNow(ctx: Context, targets: Located, outer: Partial<DeployValues>) {
  const timeoutMs = allowanceOf(outer);
  return deploy({ ...ctx, ...within(ctx, timeoutMs), timeoutMs, targets, all: [targets] }, { ...noDeployOptions, ...outer });
}

/** The site of --canary, which must be one of several. */
function canaryOf(all: readonly Targets[], { canary: word }: DeployValues): Targets | undefined {
  if (word === undefined) return undefined;
  if (all.length < 2) throw usage('--canary needs several sites.');
  const [canary, ...others] = all.filter(
    ({ site, server }) =>
      site && [site.id, site.label, `${server?.label}/${site.label}`].some((name) => name.toLowerCase() === word.toLowerCase()),
  );
  if (!canary) throw usage(`--canary must be one of the sites, not '${word}'.`);
  if (others.length > 0)
    throw usage(`--canary '${word}' means ${others.length + 1} sites.`, `Use ${canary.server?.label}/${canary.site?.label}.`);
  return canary;
}

/** What a deployment asks first: if the link file wants it, or for every site of a server. */
export async function deployConsent(ctx: Context, all: readonly Targets[], values: DeployValues): Promise<Consent | undefined> {
  refuseContradictions(values);
  return (await linkConsent(ctx, all, 'Deploy')) ?? (values.all ? wholeConsent(ctx, all) : undefined);
}

/** What else than the command line may name a server. */
const originWords: Readonly<Partial<Record<Origin, string>>> = {
  environment: 'DNX_SERVER',
  'link file': 'the link file',
  profile: 'the profile',
};

/** `w1`, or `w1 (from DNX_SERVER)`. */
function serverWords({ id, label }: Target, { server, origins }: Context['settings']): string {
  const origin = server === id || server === label ? originWords[origins.server ?? 'option'] : undefined;
  return origin === undefined ? label : `${label} (from ${origin})`;
}

function wholeConsent({ ask, progress, settings }: Context, all: readonly Targets[]): Consent | undefined {
  const [server] = all.map((targets) => targets.server);
  if (!server) return undefined;
  const count = new Set(all.map((targets) => targets.server?.id)).size;
  const names = all.map((targets) => (count === 1 ? targets.site?.label : `${targets.server?.label}/${targets.site?.label}`) ?? '');
  const place = count === 1 ? `of ${serverWords(server, settings)}` : `on ${count} servers`;
  if (ask.allowed) progress.note([`Every site ${place}:`, ...names.map((name) => `  ${name}`)].join('\n'));
  return {
    level: 'moderate',
    action: `Deploy all ${all.length} sites ${place}`,
    ...(!ask.allowed && { warning: `--all would deploy ${all.length} sites ${place}: ${names.join(', ')}.` }),
  };
}
