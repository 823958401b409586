import type { Part } from './openapi.ts';
import { at, become, firstResponse, resourceOf, responseOf, SITE, without } from './places.ts';
import type { Planted } from './planted.ts';

const cases = (field: object | undefined) => (field as { enum: string[] }).enum;

/** Differences in operations and what they return. */
export const inResponses: Readonly<Record<string, Planted>> = {
  'a missing operation': {
    plant: (document) => delete document.paths[`${SITE}/enable-zero-downtime`],
    finds: { kind: 'operation', operation: `POST ${SITE}/enable-zero-downtime`, name: null, says: /^not in the document$/ },
  },
  'another method': {
    plant: (document) => {
      const item = document.paths['/git-providers/{git_provider}'] ?? {};
      Object.assign(item, { patch: item.put });
      delete item.put;
    },
    finds: { kind: 'operation', operation: 'PUT /git-providers/{git_provider}', name: null, says: /which has GET, PATCH, DELETE/ },
  },
  'a missing resource': {
    plant: (document) => {
      for (const path of Object.keys(document.paths)) if (path.includes('/databases')) delete document.paths[path];
    },
    finds: { kind: 'operation', operation: '/servers/{server}/databases', name: null, says: /not in the document: 11 operations/ },
  },
  'an added operation': {
    plant: (document) => Object.assign(document.paths, { '/user/teams': { get: { parameters: [], responses: {} } } }),
    finds: { kind: 'operation', operation: 'GET /user/teams', name: null, says: /no command; use dnx api/ },
  },
  'an added resource': {
    plant: (document) => {
      const operation = { parameters: [], responses: {} };
      Object.assign(document.paths, { '/firewalls': { get: operation, post: operation }, '/firewalls/{firewall}': { get: operation } });
    },
    finds: { kind: 'operation', operation: '/firewalls', name: null, says: /no commands for 3 operations/ },
  },
  'a deprecated operation': {
    plant: (document) => Object.assign(at(document, 'POST /servers/{server}/provision'), { deprecated: true }),
    finds: { kind: 'deprecated', operation: 'POST /servers/{server}/provision', name: null, says: /deprecated.*server provision/ },
  },
  'another version': {
    plant: (document) => {
      document.servers = [{ url: 'https://deploynix.io/api/v2' }];
    },
    finds: { kind: 'server', operation: '/', name: null, says: /begin with \/api\/v2; dnx uses \/api\/v1/ },
  },
  'a column that no response has': {
    plant: (document) => without(resourceOf(document, `GET ${SITE}/redirects`), 'to'),
    finds: { kind: 'response', operation: `GET ${SITE}/redirects`, name: 'to', says: /shown by dnx, not in the document.*redirect list/ },
  },
  'a column of one resource': {
    plant: (document) => without(resourceOf(document, 'GET /servers/{server}'), 'ip_address'),
    finds: { kind: 'response', operation: 'GET /servers/{server}', name: 'ip_address', says: /shown by dnx/ },
  },
  'a field that dnx reads': {
    plant: (document) => without(responseOf(document, 'POST /tokens'), 'token'),
    finds: { kind: 'response', operation: 'POST /tokens', name: 'token', says: /read by dnx, not in the document/ },
  },
  'a nested object for a column': {
    plant: (document) => become(resourceOf(document, 'GET /servers').properties.region ?? {}, { type: 'object', properties: { id: {} } }),
    finds: { kind: 'type', operation: 'GET /servers', name: 'region', says: /a single value in dnx, object in the document/ },
  },
  'a number for a time': {
    plant: (document) => become(resourceOf(document, 'GET /tokens').properties.last_used_at ?? {}, { type: ['integer', 'null'] }),
    finds: { kind: 'type', operation: 'GET /tokens', name: 'last_used_at', says: /an ISO 8601 time in dnx, integer/ },
  },
  'a string for a number': {
    plant: (document) => become(resourceOf(document, `GET ${SITE}/queues`).properties.timeout ?? {}, { type: 'string' }),
    finds: { kind: 'type', operation: `GET ${SITE}/queues`, name: 'timeout', says: /number in dnx, string/ },
  },
  'a status that dnx cannot classify': {
    plant: (document) => cases(resourceOf(document, `GET ${SITE}`).properties.status).push('warming_up'),
    finds: { kind: 'status', operation: `GET ${SITE}`, name: 'status', says: /keep waiting: warming_up/ },
  },
  'a status in a branch of anyOf': {
    plant: (document) => {
      const { status = {} } = resourceOf(document, `GET ${SITE}/releases`).properties;
      become(status, { anyOf: [{ ...status }, { enum: ['warming_up', null] }] });
    },
    finds: { kind: 'status', operation: `GET ${SITE}/releases`, name: 'status', says: /keep waiting: warming_up/ },
  },
  'a state for a status': {
    plant: (document) => {
      const { properties } = resourceOf(document, `GET ${SITE}/releases`);
      properties.state = { type: 'string', enum: ['active', 'thawing'] };
    },
    finds: { kind: 'status', operation: `GET ${SITE}/releases`, name: 'state', says: /keep waiting: thawing/ },
  },
  'another status field': {
    plant: (document) => Object.assign(resourceOf(document, 'GET /backups').properties, { restore_status: { enum: ['copying'] } }),
    finds: { kind: 'status', operation: 'GET /backups', name: 'restore_status', says: /copying/ },
  },
  'another envelope': {
    plant: (document) => {
      const response = responseOf(document, 'GET /user');
      become(response, { type: 'object', properties: { user: response.properties.data }, required: ['user'] });
    },
    finds: { kind: 'response', operation: 'GET /user', name: null, says: /the resource is in user; dnx reads data/ },
  },
  'a list under another name': {
    plant: (document) => {
      const response = responseOf(document, 'GET /servers/{server}/ssh-keys');
      response.properties.keys = response.properties.data ?? {};
      without(response, 'data');
    },
    finds: { kind: 'response', operation: 'GET /servers/{server}/ssh-keys', name: null, says: /the list is in keys; dnx reads data/ },
  },
  'a list for one resource': {
    plant: (document) => {
      const { properties } = responseOf(document, 'GET /servers/{server}/daemons/{daemon}');
      properties.data = { type: 'array', items: properties.data };
    },
    finds: {
      kind: 'response',
      operation: 'GET /servers/{server}/daemons/{daemon}',
      name: null,
      says: /a list in the document, one resource in dnx/,
    },
  },
  'one resource for a list': {
    plant: (document) => {
      const { properties } = responseOf(document, 'GET /providers');
      properties.data = (properties.data?.items ?? {}) as Part;
    },
    finds: { kind: 'response', operation: 'GET /providers', name: null, says: /one resource in the document, a list in dnx/ },
  },
  'pages by cursor': {
    plant: (document) => {
      become(responseOf(document, 'GET /git-repositories').properties.meta ?? {}, { properties: { next_cursor: { type: 'string' } } });
    },
    finds: { kind: 'response', operation: 'GET /git-repositories', name: null, says: /no meta\.last_page/ },
  },
  'a page of HTML': {
    plant: (document) => Object.assign(firstResponse(document, 'GET /providers/credentials'), { content: { 'text/html': {} } }),
    finds: { kind: 'response', operation: 'GET /providers/credentials', name: null, says: /text\/html in the document, JSON in dnx/ },
  },
  'JSON for a file': {
    plant: (document) =>
      Object.assign(firstResponse(document, 'GET /backups/{backup}/download'), { content: { 'application/json': { schema: {} } } }),
    finds: { kind: 'response', operation: 'GET /backups/{backup}/download', name: null, says: /JSON in the document, a file in dnx/ },
  },
  'nothing for a resource': {
    plant: (document) => {
      at(document, `POST ${SITE}/redirects`).responses = { 204: { description: 'Created' } };
    },
    finds: { kind: 'response', operation: `POST ${SITE}/redirects`, name: null, says: /no body in the document; dnx reads from, to/ },
  },
  'a message for a resource': {
    plant: (document) => become(responseOf(document, 'POST /servers/{server}/crontabs'), { properties: { message: { type: 'string' } } }),
    finds: {
      kind: 'response',
      operation: 'POST /servers/{server}/crontabs',
      name: null,
      says: /no resource in the document; dnx reads command/,
    },
  },
  'another ability': {
    plant: (document) => {
      at(document, `POST ${SITE}/cancel-scheduled-deploy`).security = [{ sanctum: ['site:update'] }];
    },
    finds: {
      kind: 'ability',
      operation: `POST ${SITE}/cancel-scheduled-deploy`,
      name: 'site:deploy',
      says: /needs site:update in the document, site:deploy in dnx/,
    },
  },
  'an ability in an extension': {
    plant: (document) => Object.assign(at(document, 'GET /servers/{server}/logs'), { 'x-abilities': ['server:logs'] }),
    finds: { kind: 'ability', operation: 'GET /servers/{server}/logs', name: 'server:read', says: /needs .*server:logs in the document/ },
  },
  'a second ability': {
    plant: (document) => {
      at(document, `DELETE ${SITE}`).security = [{ sanctum: ['site:delete', 'server:update'] }];
    },
    finds: { kind: 'ability', operation: `DELETE ${SITE}`, name: 'site:delete', says: /needs site:delete, server:update/ },
  },
  'another kind of token': {
    plant: (document) => {
      document.components.securitySchemes = {
        ...document.components.securitySchemes,
        key: { type: 'apiKey', in: 'header', name: 'X-Key' },
      };
      at(document, 'POST /logout').security = [{ key: [] }];
    },
    finds: { kind: 'ability', operation: 'POST /logout', name: null, says: /takes the header X-Key; dnx sends a bearer token/ },
  },
};
