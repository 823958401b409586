import { isId } from '../../platform/names/names.ts';
import type { AuditPlace } from './finding.ts';

/** A name that can be typed as it is, and is not taken for an id. */
const isSimple = (word: string): boolean => /^[A-Za-z_][\w.@:-]*$/.test(word) && !isId(word);

/** The word for a resource in a command: its name if that is simple and no other has it, otherwise its id. */
export const commandWord = (name: string, id: string | undefined, others: readonly string[]): string | undefined =>
  isSimple(name) && others.filter((each) => each === name).length < 2 ? name : id;

/** A server or site in a command. A label that is not simple, such as that of a duplicate, is replaced by the id. */
const placed = ({ label, id }: { readonly label: string; readonly id: string }): string => (isSimple(label) || isIp(label) ? label : id);

const isIp = (word: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(word);

/** `--server web-1`. */
export const onServer = ({ server }: AuditPlace): readonly string[] => (server ? ['--server', placed(server)] : []);

/** `--site shop.example.com --server web-1`. */
export const onSite = (place: AuditPlace): readonly string[] => [...(place.site ? ['--site', placed(place.site)] : []), ...onServer(place)];

/** `shop.example.com --server web-1`. */
export const theSite = (place: AuditPlace): readonly string[] => [...(place.site ? [placed(place.site)] : []), ...onServer(place)];

/** `web-1`, or the id of a server that is called like a site. */
export const theServer = ({ server }: AuditPlace): readonly string[] =>
  server ? [server.label.includes('.') && !isIp(server.label) ? server.id : placed(server)] : [];

/** `web-1, web-2 and 4 more`. */
export function wordList(words: readonly string[], most = 3): string {
  if (words.length <= 1) return words.join('');
  const shown = words.length > most ? words.slice(0, most - 1) : words.slice(0, -1);
  const rest = words.length > most ? `${words.length - shown.length} more` : words.at(-1);
  return `${shown.join(', ')} and ${rest}`;
}
