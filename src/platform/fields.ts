/** The type of a field of an API object. `id`: a string, or an integer as older platforms send it. */
export type FieldType = 'id' | 'date-time' | 'integer' | 'boolean' | 'array' | 'string';

/** The fields of a server, which the API reference shows. It shows no other object. */
export const statedOfServer: readonly string[] =
  'id name provider ip_address ssh_user region size php_version database_type webserver status monitoring_enabled provisioned_at created_at updated_at sites_count'.split(
    ' ',
  );

/** The type as which dnx reads a field; undefined if it depends on the resource. */
export function typeOfField(name: string): FieldType | undefined {
  if (/^(.+_)?id$/.test(name)) return 'id';
  if (name.endsWith('_at')) return 'date-time';
  if (/_count$|^(processes|tries|timeout|sleep)$/.test(name)) return 'integer';
  if (/_enabled$|^active$/.test(name)) return 'boolean';
  if (name === 'abilities') return 'array';
  return /^(size|type|port|vcpus|memory|price_monthly)$/.test(name) ? undefined : 'string';
}

/** True for the types that the API reference states of every resource: ids are strings, and times are ISO 8601. */
export const isStatedType = (type: FieldType | undefined): boolean => type === 'id' || type === 'date-time';
