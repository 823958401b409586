import { usage } from '../../base/errors.ts';
import { isReportFormat } from '../../machine/settings/settings.ts';
import type { Line } from '../run/line.ts';

/** Rejects output options that can never work, before the command runs. */
export async function checkShape({ command, options, globals, settings: { format } }: Line): Promise<void> {
  const { limit, fields, query, sort } = globals;
  const isOn = (option: string) => Boolean(command.options?.[option] && options[option]);
  if (isOn('watch') && format !== 'table' && format !== 'ndjson')
    throw usage(`--watch cannot print ${format}.`, 'Use -o ndjson, which prints a line of JSON per change.');
  if (limit !== undefined && !/^[1-9]\d{0,14}$/.test(limit)) throw usage(`--limit must be a positive whole number, not '${limit}'.`);
  const shaping = { fields, query, sort, limit };
  const [refused] = isReportFormat(format)
    ? (['fields', 'query', 'sort', 'limit'] as const).filter((key) => shaping[key] !== undefined)
    : [];
  if (refused) throw usage(`--${refused} cannot be combined with -o ${format}, which has a fixed shape.`);
  if (fields?.includes('')) throw usage('--fields contains an empty name.');
  if (isOn('follow')) (await import('./log.ts')).checkLogShape({ format, ...shaping }, true);
  if (query !== undefined) await (await import('./query.ts')).checkQuery(query);
  else if (format === 'ids' && fields && !fields.includes('id')) throw usage('-o ids needs the field id. Add it to --fields.');
}
