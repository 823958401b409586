import { isObject, type JsonObject } from '../../base/json.ts';

/** The API reference does not describe sizes; these are common field names of cloud providers. */
const cpus = ['vcpus', 'vcpu', 'vcpu_count', 'cpus', 'cpu', 'cores'];
const memories = ['memory', 'memory_mb', 'memory_gb', 'ram'];
const disks = ['disk', 'disk_gb', 'disk_size', 'storage'];
const monthly = ['price_monthly', 'monthly_price', 'price_per_month', 'monthly_cost', 'monthly'];
const hourly = ['price_hourly', 'hourly_price', 'price_per_hour', 'hourly_cost', 'hourly'];
const unstated = ['price', 'cost', 'amount'];

const symbols: Readonly<Record<string, string>> = { EUR: '€', USD: '$', GBP: '£' };

/** Memory below this is in GB, otherwise in MB. */
const LEAST_MB = 512;

/** The specs and price of a server size: `4 vCPU`, `8 GB`, `80 GB disk`, `€6.80/mo`. */
export function specsOf(size: JsonObject): readonly string[] {
  const name = typeof size.name === 'string' ? size.name : '';
  const sized = /\d\s*(vcpu|cpu|core|gb)\b/i.test(name);
  const machine = sized ? [name] : [amountOf(size, cpus, 'vCPU'), memoryOf(size)];
  return [...machine, amountOf(size, disks, 'GB disk'), priceOf(size)].filter((each) => each !== undefined);
}

const first = (item: JsonObject, keys: readonly string[]): unknown =>
  keys.map((key) => item[key]).find((value) => value !== undefined && value !== null && value !== '');

/** A number with its unit; text such as `80 GB` unchanged. */
function amountOf(item: JsonObject, keys: readonly string[], unit: string): string | undefined {
  const value = first(item, keys);
  if (typeof value === 'number' || (typeof value === 'string' && isNumber(value))) return `${value} ${unit}`;
  return typeof value === 'string' ? value : undefined;
}

function memoryOf(item: JsonObject): string | undefined {
  const value = first(item, memories);
  if (typeof value === 'string' && !isNumber(value)) return value;
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const amount = Number(value);
  return `${Number((amount < LEAST_MB ? amount : amount / 1024).toFixed(1))} GB`;
}

/** `€6.80/mo`, without the period if it is unknown. */
function priceOf(item: JsonObject): string | undefined {
  const { price } = item;
  if (isObject(price)) return priceOf({ currency: item.currency, ...price });
  for (const [keys, period] of [
    [monthly, '/mo'],
    [hourly, '/h'],
    [unstated, ''],
  ] as const) {
    const value = first(item, keys);
    if (typeof value === 'number' || typeof value === 'string')
      return isNumber(String(value)) ? `${money(value, item.currency)}${period}` : String(value);
  }
  return undefined;
}

function money(value: number | string, currency: unknown): string {
  const amount = Number(value) < 0.1 ? String(value) : Number(value).toFixed(2);
  if (typeof currency !== 'string') return amount;
  const symbol = symbols[currency.toUpperCase()];
  return symbol ? `${symbol}${amount}` : `${amount} ${currency}`;
}

const isNumber = (word: string): boolean => /^\d+(\.\d+)?$/.test(word);
