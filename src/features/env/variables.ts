import type { Next } from '../../base/errors.ts';
import type { Context } from '../../cli/language/command.ts';
import { resource } from '../../cli/language/resource.ts';
import { columns } from '../../cli/output/view.ts';
import type { Located } from '../../platform/names/names.ts';

/** An environment variable of a site. */
export interface SiteVariable {
  readonly id: string;
  readonly key: string;
  readonly value: string;
  readonly created_at: string;
  readonly updated_at: string;
}

const masked = ({ value }: SiteVariable): string | undefined => (value ? '••••••••' : undefined);
/** The columns that show values. */
export const revealedColumns = columns<SiteVariable>('key', { key: 'value', wrap: true }, 'updated_at');

/** The environment variables of a site. */
export const siteVariables = resource({
  noun: 'variable',
  path: '/servers/{server}/sites/{site}/environment-variables',
  columns: columns<SiteVariable>('key', { key: 'value', cell: masked }, 'updated_at'),
  example: { target: 'APP_DEBUG', site: 'shop.example.com' },
});

export const variablesEndpoint = `GET ${siteVariables.path}` as const;
export const createVariableEndpoint = `POST ${siteVariables.path}` as const;
export const updateVariableEndpoint = `PUT ${siteVariables.path}/{variable}` as const;
export const deleteVariableEndpoint = `DELETE ${siteVariables.path}/{variable}` as const;

/** Deploynix writes variables into the site's .env when it deploys. Names the server if the user did, as for one of two sites of a name. */
export const nextDeploy = ({ isGiven }: Pick<Context, 'isGiven'>, { site, server }: Located): readonly Next[] => [
  {
    command: ['deploy', site.label, ...(isGiven('server') ? ['--server', server.label] : [])],
    why: 'Takes effect on the next deployment. Run',
  },
];

/** The context of a command that reads and sets variables. */
export type SettingContext = Context<typeof variablesEndpoint | typeof createVariableEndpoint | typeof updateVariableEndpoint>;
/** The context of a command that removes variables, too. */
export type SyncingContext = Context<
  typeof variablesEndpoint | typeof createVariableEndpoint | typeof updateVariableEndpoint | typeof deleteVariableEndpoint
>;
