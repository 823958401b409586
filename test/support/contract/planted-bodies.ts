import type { Part } from './openapi.ts';
import { at, become, bodyOf, fieldOf, parameterOf, SITE, without } from './places.ts';
import type { Planted } from './planted.ts';

const text = { type: 'string' };
const values = (schema: { enum?: unknown }) => schema.enum as string[];

/** Differences in what is sent. */
export const inRequests: Readonly<Record<string, Planted>> = {
  'a sent field under another name': {
    plant: (document) => {
      without(bodyOf(document, 'POST /servers/{server}/daemons'), 'user');
      bodyOf(document, 'POST /servers/{server}/daemons').properties.run_as = text;
    },
    finds: { kind: 'field', operation: 'POST /servers/{server}/daemons', name: 'user', says: /sent by dnx, not in the document/ },
  },
  'a field without an option': {
    plant: (document) => Object.assign(bodyOf(document, 'POST /servers/{server}/crontabs').properties, { overlap: text }),
    finds: { kind: 'field', operation: 'POST /servers/{server}/crontabs', name: 'overlap', says: /no option in dnx; use -F overlap=VALUE/ },
  },
  'a field that a parent fills': {
    plant: (document) => {
      without(bodyOf(document, 'POST /backups/application'), 'site_id');
      Object.assign(bodyOf(document, 'POST /backups/application'), { properties: { site: text }, required: ['site'] });
    },
    finds: { kind: 'field', operation: 'POST /backups/application', name: 'site', says: /required, but no option/ },
  },
  'a field that a command computes': {
    plant: (document) => {
      const body = bodyOf(document, `POST ${SITE}/schedule-deploy`);
      without(body, 'scheduled_at');
      Object.assign(body.properties, { run_at: text });
    },
    finds: {
      kind: 'field',
      operation: `POST ${SITE}/schedule-deploy`,
      name: 'scheduled_at',
      says: /sent by dnx, not in the document.*site schedule/,
    },
  },
  'another format of a computed field': {
    plant: (document) => Object.assign(fieldOf(document, `POST ${SITE}/schedule-deploy`, 'scheduled_at'), { format: 'time' }),
    finds: {
      kind: 'type',
      operation: `POST ${SITE}/schedule-deploy`,
      name: 'scheduled_at',
      says: /date-time in dnx, time in the document/,
    },
    alone: true,
  },
  'a field of a body that a command builds': {
    plant: (document) => without(bodyOf(document, 'POST /login'), 'abilities'),
    finds: { kind: 'field', operation: 'POST /login', name: 'abilities', says: /not in the document.*auth login/ },
  },
  'a field of environment variables': {
    plant: (document) =>
      Object.assign(bodyOf(document, `POST ${SITE}/environment-variables`).required, [
        ...bodyOf(document, `POST ${SITE}/environment-variables`).required,
        'scope',
      ]),
    finds: { kind: 'field', operation: `POST ${SITE}/environment-variables`, name: 'scope', says: /required, but no option/ },
  },
  'another field of an update that a command builds': {
    plant: (document) => {
      without(bodyOf(document, `PUT ${SITE}/environment-variables/{variable}`), 'value');
      Object.assign(bodyOf(document, `PUT ${SITE}/environment-variables/{variable}`).properties, { content: text });
    },
    finds: {
      kind: 'field',
      operation: `PUT ${SITE}/environment-variables/{variable}`,
      name: 'value',
      says: /not in the document.*env set/,
    },
  },
  'an id of another type': {
    plant: (document) => become(fieldOf(document, `POST ${SITE}/rollback`, 'release_id'), { type: 'object' }),
    finds: { kind: 'type', operation: `POST ${SITE}/rollback`, name: 'release_id', says: /string in dnx, object in the document/ },
  },
  'a field that is refused': {
    plant: (document) => {
      without(bodyOf(document, `POST ${SITE}/suspend`), 'reason');
      bodyOf(document, `POST ${SITE}/suspend`).additionalProperties = false;
    },
    finds: { kind: 'field', operation: `POST ${SITE}/suspend`, name: 'reason', says: /refused by the document/ },
  },
  'a newly required field': {
    plant: (document) => bodyOf(document, 'POST /servers').required.push('region'),
    finds: {
      kind: 'required',
      operation: 'POST /servers',
      name: 'region',
      says: /required by the document, optional in dnx.*server create/,
    },
  },
  'a required field inside of allOf': {
    plant: (document) => {
      const body = bodyOf(document, 'POST /servers/{server}/network-rules');
      body.allOf = [{ required: ['source'] }];
    },
    finds: { kind: 'required', operation: 'POST /servers/{server}/network-rules', name: 'source', says: /required by the document/ },
  },
  'a required field of an update': {
    plant: (document) => bodyOf(document, 'PUT /git-repositories/{git_repository}').required.push('name'),
    finds: { kind: 'required', operation: 'PUT /git-repositories/{git_repository}', name: 'name', says: /git-repository update/ },
  },
  'a field that is only required in each branch of oneOf': {
    plant: (document) => {
      bodyOf(document, 'POST /git-providers').oneOf = [{ required: ['url', 'token'] }, { required: ['url'] }];
    },
    finds: { kind: 'required', operation: 'POST /git-providers', name: 'url', says: /required by the document/ },
  },
  'a body that is required': {
    plant: (document) =>
      Object.assign(at(document, `POST ${SITE}/deploy`), {
        requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
      }),
    finds: { kind: 'required', operation: `POST ${SITE}/deploy`, name: null, says: /requires a body/ },
  },
  'a body that is gone': {
    plant: (document) => delete at(document, 'POST /servers/{server}/ssh-keys').requestBody,
    finds: { kind: 'field', operation: 'POST /servers/{server}/ssh-keys', name: null, says: /no body; dnx sends name, public_key/ },
  },
  'a form instead of JSON': {
    plant: (document) => {
      const { requestBody } = at(document, 'POST /providers/credentials');
      Object.assign(requestBody ?? {}, { content: { 'multipart/form-data': { schema: {} } } });
    },
    finds: { kind: 'type', operation: 'POST /providers/credentials', name: null, says: /dnx sends JSON; the document takes multipart/ },
  },
  'a value that dnx does not offer': {
    plant: (document) => values(fieldOf(document, 'POST /servers', 'database_type')).push('sqlite'),
    finds: { kind: 'values', operation: 'POST /servers', name: 'database_type', says: /only in the document: sqlite/ },
  },
  'a value that is gone': {
    plant: (document) => values(fieldOf(document, 'POST /servers', 'type')).pop(),
    finds: { kind: 'values', operation: 'POST /servers', name: 'type', says: /only in dnx: load_balancer/ },
  },
  'values in anyOf': {
    plant: (document) =>
      become(fieldOf(document, 'POST /servers', 'php_version'), { anyOf: [{ enum: ['8.2', '8.3', '8.4', '8.5'] }, { type: 'null' }] }),
    finds: { kind: 'values', operation: 'POST /servers', name: 'php_version', says: /only in the document: 8\.5/ },
  },
  'values in oneOf with const': {
    plant: (document) =>
      become(fieldOf(document, `POST ${SITE}/certificates`, 'type'), {
        oneOf: [{ const: 'letsencrypt' }, { const: 'custom' }, { const: 'zerossl' }],
      }),
    finds: { kind: 'values', operation: `POST ${SITE}/certificates`, name: 'type', says: /only in the document: zerossl/ },
  },
  'values of the items of a list': {
    plant: (document) => values((fieldOf(document, 'POST /tokens', 'abilities').items ?? {}) as object).push('team:read'),
    finds: { kind: 'values', operation: 'POST /tokens', name: 'abilities', says: /only in the document: team:read/ },
  },
  'numbers as values': {
    plant: (document) => become(fieldOf(document, `POST ${SITE}/redirects`, 'type'), { type: 'integer', enum: [301, 302, 308] }),
    finds: { kind: 'values', operation: `POST ${SITE}/redirects`, name: 'type', says: /only in the document: 308/ },
  },
  'a string for an integer': {
    plant: (document) => become(fieldOf(document, `POST ${SITE}/queues`, 'tries'), { type: 'string' }),
    finds: { kind: 'type', operation: `POST ${SITE}/queues`, name: 'tries', says: /integer in dnx, string in the document/ },
  },
  'an integer for a string': {
    plant: (document) => become(fieldOf(document, `POST ${SITE}/queues`, 'queue'), { type: ['integer', 'null'] }),
    finds: { kind: 'type', operation: `POST ${SITE}/queues`, name: 'queue', says: /string in dnx, integer in the document/ },
  },
  'an object for a value': {
    plant: (document) =>
      become(fieldOf(document, 'PUT /servers/{server}', 'monitoring_enabled'), { properties: { on: { type: 'boolean' } } }),
    finds: { kind: 'type', operation: 'PUT /servers/{server}', name: 'monitoring_enabled', says: /boolean in dnx, object/ },
  },
  'objects in a list': {
    plant: (document) => become((fieldOf(document, 'POST /login', 'abilities').items ?? {}) as Part, { type: 'object' }),
    finds: { kind: 'type', operation: 'POST /login', name: 'abilities', says: /array of strings in dnx, of object in the document/ },
    alone: true,
  },
  'a deprecated field': {
    plant: (document) => Object.assign(fieldOf(document, 'POST /servers', 'image'), { deprecated: true }),
    finds: { kind: 'deprecated', operation: 'POST /servers', name: 'image', says: /deprecated/ },
  },
  'values of a query parameter': {
    plant: (document) =>
      Object.assign(parameterOf(document, 'GET /backups', 'status'), {
        schema: { type: 'string', enum: ['pending', 'completed', 'expired'] },
      }),
    finds: { kind: 'values', operation: 'GET /backups', name: 'status', says: /only in the document: expired/ },
  },
  'a query parameter that is gone': {
    plant: (document) => {
      const operation = at(document, 'GET /backups');
      operation.parameters = operation.parameters.filter(({ name }) => name !== 'type');
    },
    finds: { kind: 'field', operation: 'GET /backups', name: 'type', says: /sent by dnx in the query, not in the document.*backup list/ },
  },
  'lists without pages': {
    plant: (document) => {
      for (const route of ['GET /providers/{provider}/regions', 'GET /providers/{provider}/images']) {
        const operation = at(document, route);
        operation.parameters = operation.parameters.filter((each) => each.in === 'path');
      }
    },
    finds: { kind: 'field', operation: 'GET /providers/{provider}/images', name: 'page, per_page', says: /sent by dnx in the query/ },
  },
  'a query parameter without an option': {
    plant: (document) => at(document, 'GET /servers').parameters.push({ in: 'query', name: 'filter[region]', schema: text }),
    finds: { kind: 'field', operation: 'GET /servers', name: 'filter[region]', says: /query parameter without an option/ },
  },
  'a required query parameter': {
    plant: (document) =>
      at(document, 'GET /providers/{provider}/sizes').parameters.push({ in: 'query', name: 'region', required: true, schema: text }),
    finds: { kind: 'required', operation: 'GET /providers/{provider}/sizes', name: 'region', says: /required query parameter, not sent/ },
  },
  'a required header': {
    plant: (document) => at(document, 'POST /tokens').parameters.push({ in: 'header', name: 'X-Team', required: true, schema: text }),
    finds: { kind: 'required', operation: 'POST /tokens', name: 'X-Team', says: /required header parameter/ },
  },
  'smaller pages': {
    plant: (document) => Object.assign(parameterOf(document, 'GET /tokens', 'per_page'), { schema: { type: 'integer', maximum: 50 } }),
    finds: { kind: 'values', operation: 'GET /tokens', name: 'per_page', says: /up to 100; the document allows 50/ },
  },
};
