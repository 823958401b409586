import type { Context, GivenConsent } from '../../cli/language/command.ts';
import { asResult, done, type Result } from '../../cli/output/view.ts';
import { actionOf } from '../../cli/run/consent.ts';
import { type Located, type Target, targetIds } from '../../platform/names/names.ts';
import { consentToSend } from './dangers.ts';
import { remoteSide } from './remote.ts';
import { deleteVariableEndpoint, nextDeploy, type SiteVariable, variablesEndpoint } from './variables.ts';

type Named = Located & { readonly variable: Target };

/** `dnx env unset`: removes variables of a site, after the name of the site has been typed if one could break it. */
export async function unsetVariables(ctx: Context, all: readonly Named[], given: GivenConsent): Promise<Result> {
  const [place] = all;
  if (!place) throw new Error('There are no variables to remove.');
  const { site } = place;
  const known = await ctx.api.list<SiteVariable>(variablesEndpoint, targetIds({ server: place.server, site }));
  const items = all.map(({ variable }) => ({ ...variable, label: known.find(({ id }) => id === variable.id)?.key ?? variable.label }));
  const named = items.map((variable) => ({ ...place, variable }));
  const question = `${actionOf({ level: 'moderate', verb: 'Remove' }, '', named, 'variable')}?`;
  const changes = items.map(({ label }) => ({ key: label }));
  await consentToSend(ctx, place, { changes, remote: remoteSide(known), given, ask: { lines: [], question } });
  const remove = async ({ id, label }: Target): Promise<Result> => {
    await ctx.api.send(deleteVariableEndpoint, targetIds({ server: place.server, site, variable: { id, label } }), { assume: {} });
    return { view: done(`Removed ${label} from ${site.label}`, { id, deleted: true }), next: nextDeploy(site) };
  };
  const [only] = items;
  return only && items.length === 1 ? asResult(await remove(only)) : ctx.each(items, remove);
}
