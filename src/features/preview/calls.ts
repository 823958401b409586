import type { Endpoint } from '../../platform/api/endpoint.ts';
import {
  certificateEndpoint,
  certificatesEndpoint,
  databasesEndpoint,
  releasesEndpoint,
  serversEndpoint,
  siteEndpoint,
  sitesEndpoint,
} from '../../platform/follow/readers.ts';
import { createVariableEndpoint, updateVariableEndpoint, variablesEndpoint } from '../env/variables.ts';

/** What every command about previews reads before anything else. */
export const projectReads = [serversEndpoint, sitesEndpoint, siteEndpoint, 'GET /git-repositories'] as const;

/** What finding the previews of a project reads besides. */
export const findReads = [variablesEndpoint, databasesEndpoint] as const;

export const usersEndpoint = 'GET /servers/{server}/databases/{database}/users' satisfies Endpoint;

export const createUserEndpoint = 'POST /servers/{server}/databases/{database}/users' satisfies Endpoint;
export const deleteUserEndpoint = 'DELETE /servers/{server}/databases/{database}/users/{user}' satisfies Endpoint;

/** What removes a preview. */
export const removalCalls = [
  'DELETE /servers/{server}/sites/{site}',
  deleteUserEndpoint,
  'DELETE /servers/{server}/databases/{database}',
] as const satisfies readonly Endpoint[];

/** What `preview up` calls besides. */
export const upCalls = [
  ...projectReads,
  ...findReads,
  usersEndpoint,
  'POST /servers/{server}/databases',
  createUserEndpoint,
  deleteUserEndpoint,
  'POST /servers/{server}/sites',
  'PUT /servers/{server}/sites/{site}',
  'POST /servers/{server}/sites/{site}/enable-zero-downtime',
  createVariableEndpoint,
  updateVariableEndpoint,
  certificatesEndpoint,
  databasesEndpoint,
  'POST /servers/{server}/sites/{site}/certificates',
  certificateEndpoint,
  'POST /servers/{server}/sites/{site}/deploy',
  releasesEndpoint,
] as const;
