import { cancelled, type Detail } from '../../base/errors.ts';
import { wordOf } from '../../base/text.ts';
import type { Api } from '../../platform/api/api.ts';
import type { Context } from '../language/command.ts';
import type { Option } from '../language/options.ts';
import type { Inputs } from './inputs.ts';
import type { Invocation } from './invocation.ts';
import { offersOf } from './offer.ts';
import { labelOf } from './question.ts';

/** After prompts, shows what a command will send and asks for confirmation unless --yes is given. */
export async function review(
  { command, consent }: Pick<Invocation, 'command' | 'consent'>,
  inputs: Inputs,
  { api, ask, progress }: Pick<Context, 'api' | 'ask' | 'progress'>,
): Promise<void> {
  if (!command.review) return;
  const details = await detailsOf(command.fields ?? {}, inputs, api);
  const width = Math.max(...details.map(([label]) => label.length));
  for (const [label, text] of details) progress.note(`  ${label.padEnd(width)}  ${text}`);
  if (!consent.yes && !(await ask.confirm(command.review))) throw cancelled();
}

/** A line for each field that is sent or was prompted for, with its display text. */
async function detailsOf(declared: Readonly<Record<string, Option<unknown>>>, { fields, extra, asked }: Inputs, api: Pick<Api, 'list'>) {
  const sent: Readonly<Record<string, unknown>> = { ...fields, ...extra };
  const details: Detail[] = [];
  for (const key of new Set([...Object.keys(declared), ...Object.keys(sent)])) {
    const option = declared[key];
    const text = asked[key]?.label ?? (sent[key] === undefined ? undefined : await wordsFor(option, sent[key], sent, api));
    if (text !== undefined) details.push([option ? labelOf(option) : key, text]);
  }
  return details;
}

/** The display text of a typed value: its label in the API's list, such as size and price. */
async function wordsFor(
  option: Option<unknown> | undefined,
  value: unknown,
  sent: Readonly<Record<string, unknown>>,
  api: Pick<Api, 'list'>,
) {
  const offers = option?.from ? await offersOf(option.from, sent, api) : [];
  return offers.find((offer) => offer.value === value)?.name ?? wordOf(value);
}
