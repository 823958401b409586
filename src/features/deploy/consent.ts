import { isError } from '../../base/errors.ts';
import type { Consent, Context } from '../../cli/language/command.ts';
import { LINK_FILE } from '../../machine/settings/link.ts';
import type { Targets } from '../../platform/names/names.ts';
import { type SiteVariable, variablesEndpoint } from '../env/variables.ts';
import { isLinkedSite, linkConsent } from '../link/confirmation.ts';
import { type DeployValues, refuseContradictions } from './options.ts';
import { readSite, type SiteReference, siteBranch, siteIds, sitePlace, siteReference } from './site.ts';

type Needs = Pick<Context, 'api' | 'ask' | 'nameOf' | 'progress' | 'settings'>;

/** What a deployment asks first: if the link file wants it, for every site of a server, and for another branch on a site that serves production. */
export async function deployConsent(ctx: Needs, all: readonly Targets[], values: DeployValues): Promise<Consent | undefined> {
  refuseContradictions(values);
  const { all: whole, branch } = values;
  const linked = await linkConsent(ctx, all, 'Deploy');
  const live = branch === undefined ? undefined : await branchConsent(ctx, all, branch);
  const every = whole ? wholeConsent(ctx, all) : undefined;
  const [first, ...others] = [live, linked ?? every].filter((each) => each !== undefined);
  if (!first) return undefined;
  return { ...first, warning: [first, ...others].flatMap(({ warning }) => warning ?? []).join(' ') };
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

/** The question before another branch goes live on sites that serve production. */
async function branchConsent(ctx: Needs, all: readonly Targets[], branch: string): Promise<Consent | undefined> {
  const serving: { readonly of: SiteReference; readonly sign: string }[] = [];
  for (const targets of all) {
    const site = await readSite(ctx, siteReference(targets)).catch(ifForbidden);
    const of = siteReference(targets, site?.domain);
    const sign = site && siteBranch(site) === branch ? undefined : await signOfProduction(ctx, of);
    if (sign !== undefined) serving.push({ of, sign });
  }
  const [first] = serving;
  if (!first) return undefined;
  const signs = serving.map(({ of, sign }) => `${of.site.label} ${sign}.`).join(' ');
  const places = serving.map(({ of }) => sitePlace(of)).join(', ');
  const among = serving.length < all.length ? ', among them ' : ': ';
  return {
    level: 'moderate',
    warning: `${signs} Visitors would see branch ${branch} until the next deployment.`,
    action: `Deploy branch ${branch} to ${all.length === 1 ? places : `${all.length} sites${among}${places}`}`,
  };
}

const PRODUCTION = /^(prod|production|live)$/i;
const OTHER = 'dev|develop|development|local|preview|qa|review|stage|staging|test|testing|uat';
const OTHER_NAME = new RegExp(`^(${OTHER})$`, 'i');
/** In a label of a subdomain: `shop-staging.example.com`. */
const OTHER_LABEL = new RegExp(`(^|[.-])(${OTHER})\\d*[.-]`, 'i');

/**
 * Why a site serves production, or may do so; undefined if it does not. Its environment in the link file decides, then its subdomain, then
 * its APP_ENV. Laravel takes a site without APP_ENV for production, too.
 */
async function signOfProduction({ api, settings }: Needs, of: SiteReference): Promise<string | undefined> {
  const names = (settings.link?.environments ?? []).filter((each) => isLinkedSite(each, { ...of })).map(({ name }) => name);
  if (names.some((name) => PRODUCTION.test(name))) return `serves production (${LINK_FILE})`;
  if (names.some((name) => OTHER_NAME.test(name)) || isOtherDomain(of.site.label)) return undefined;
  const variables = await api.list<SiteVariable>(variablesEndpoint, siteIds(of)).catch(ifForbidden);
  if (!variables) return 'may serve production: its APP_ENV cannot be read';
  const { value } = variables.find(({ key }) => key === 'APP_ENV') ?? {};
  if (value === undefined || value === '') return 'may serve production: it has no APP_ENV';
  return PRODUCTION.test(value) ? 'serves production (its APP_ENV)' : undefined;
}

function ifForbidden(error: unknown): undefined {
  if (!isError(error, 'forbidden', 'not_found')) throw error;
}

/** True if a subdomain says that it is not production: `staging.example.com`. `shop.dev` has none. */
const isOtherDomain = (domain: string): boolean => OTHER_LABEL.test(domain.split('.').slice(0, -2).join('.').concat('.'));
