import type { Consent, Context } from '../../cli/language/command.ts';
import type { Targets } from '../../platform/names/names.ts';
import { linkConsent } from '../link/confirmation.ts';
import { type DeployValues, refuseContradictions } from './options.ts';

type Needs = Pick<Context, 'api' | 'ask' | 'nameOf' | 'progress' | 'settings'>;

/** What a deployment asks first: if the link file wants it, or for every site of a server. */
export async function deployConsent(ctx: Needs, all: readonly Targets[], values: DeployValues): Promise<Consent | undefined> {
  refuseContradictions(values);
  return (await linkConsent(ctx, all, 'Deploy')) ?? (values.all ? wholeConsent(ctx, all) : undefined);
}

/** The question before every site of a server is deployed. On a terminal it shows them, one on each line. */
function wholeConsent({ ask, progress }: Needs, all: readonly Targets[]): Consent | undefined {
  const [first] = all;
  if (!first) return undefined;
  const names = all.map(({ site }) => site?.label ?? '');
  const place = `of ${first.server?.label}`;
  if (ask.allowed) progress.note([`Every site ${place}:`, ...names.map((name) => `  ${name}`)].join('\n'));
  return {
    level: 'moderate',
    action: `Deploy all ${all.length} sites ${place}`,
    ...(!ask.allowed && { warning: `--all would deploy ${all.length} sites ${place}: ${names.join(', ')}.` }),
  };
}
