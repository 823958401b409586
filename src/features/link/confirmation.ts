import { isIP } from 'node:net';
import { attempt, unlessError } from '../../base/errors.ts';
import { isObject } from '../../base/json.ts';
import type { Consent, Context } from '../../cli/language/command.ts';
import { readText } from '../../machine/files/text-file.ts';
import { LINK_FILE, LINK_LIMIT_MB, type LinkEnvironment } from '../../machine/settings/link.ts';
import { siteEndpoint } from '../../platform/follow/readers.ts';
import { resourceName, sameName, type Target, type Targets, targetIds } from '../../platform/names/names.ts';

/**
 * The consent for a change of sites that an environment with `"confirm": true` names, however they were given; undefined if there is
 * none. In doubt it asks. `verb`: `Deploy`. Reads the name of a site only if the link file has no id to compare.
 */
export async function linkConsent(ctx: Context, all: readonly Targets[], verb: string): Promise<Consent | undefined> {
  const { link } = ctx.settings;
  if (!link || all.length === 0) return undefined;
  if (link.broken && mentionsConfirm(link.file)) return consentFor(`${LINK_FILE} is broken and may require confirmation.`, verb, all, []);
  const asking = link.environments.filter(({ confirm }) => confirm);
  if (asking.length === 0) return undefined;
  const found: { readonly targets: Targets; readonly environment: LinkEnvironment }[] = [];
  for (const site of all) {
    const targets = await withDomain(site, asking, ctx);
    const environment = asking.find((candidate) => isLinkedSite(candidate, targets));
    if (environment) found.push({ targets, environment });
  }
  if (found.length === 0) return undefined;
  const names = [...new Set(found.map(({ environment }) => environment.name || 'this project'))];
  return consentFor(
    `${LINK_FILE} requires confirmation for ${names.join(', ')}.`,
    verb,
    all,
    found.map(({ targets, environment }) => labelOf(targets, environment.name)),
  );
}

/** True if a broken link file may have asked for confirmation: it has the word, or cannot be read at all. */
const mentionsConfirm = (file: string): boolean => attempt(() => readText(file, LINK_LIMIT_MB)?.includes('"confirm"') === true) ?? true;

function consentFor(warning: string, verb: string, all: readonly Targets[], found: readonly string[]): Consent {
  const [first = {}] = all;
  const among = found.length > 0 && found.length < all.length ? ', among them ' : ': ';
  const action =
    all.length === 1
      ? `${verb} ${found[0] ?? labelOf(first, '')}`
      : `${verb} ${all.length} sites${found.length > 0 ? among + found.join(', ') : ''}`;
  return { level: 'moderate', warning, action };
}

/** `shop.example.com (web-1, production)`. */
function labelOf({ server, site }: Targets, environment: string): string {
  const place = [server?.label, environment].filter(Boolean).join(', ');
  return `${site?.label}${place ? ` (${place})` : ''}`;
}

/** The targets with the domain of a site that was given by id, if an environment can be told apart only by domain. */
async function withDomain(targets: Targets, asking: readonly LinkEnvironment[], { api, nameOf: known }: Context): Promise<Targets> {
  const { server, site } = targets;
  const isByName = asking.some((environment) => environment.site.id === undefined && environment.site.name !== undefined);
  if (!server || !site || site.label !== site.id || !isByName) return targets;
  const label = known('site', site.id);
  if (label !== undefined && label !== site.id) return { ...targets, site: { ...site, label } };
  const found = await unlessError(api.send(siteEndpoint, targetIds({ server, site })), 'forbidden', 'not_found');
  const name = isObject(found?.data) ? resourceName(found.data, 'site') : undefined;
  return name === undefined ? targets : { ...targets, site: { ...site, label: name } };
}

/** True if an environment names this site, or may do so. */
export function isLinkedSite({ server, site }: LinkEnvironment, { server: its, site: target }: Targets): boolean {
  if (!target) return false;
  if (site.id === target.id) return true;
  const word = site.name ?? site.id;
  // `web-1/shop.example.com`
  const [domain, ...before] = word === undefined ? [] : word.split('/').reverse();
  const isUnknown = target.label === target.id && site.id === undefined;
  const isNamed = domain === undefined || isUnknown || sameName('site', domain, target.label) || domain === target.id;
  return isNamed && isOn({ id: server.id, name: before[0] ?? server.name }, its);
}

/** True unless the server of an environment is certainly another one. */
function isOn({ id, name }: LinkEnvironment['server'], server: Target | undefined): boolean {
  if (!server || (id === undefined && name === undefined)) return true;
  if (id === server.id || name === server.id) return true;
  // An address, or a server that was given by id, cannot be compared with a name.
  if (name === undefined || isIP(name) > 0 || isIP(server.label) > 0) return id === undefined;
  return server.label === server.id ? id === undefined : name.toLowerCase() === server.label.toLowerCase();
}
