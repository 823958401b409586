const lowercase = (word: string): string => word.toLowerCase();

/** Without a scheme, a path starts with a slash. */
const path = (word: string): string => {
  if (/^[a-z][a-z\d+.-]*:/i.test(word)) return URL.canParse(word) ? new URL(word).href : word;
  return word.startsWith('/') ? word : `/${word}`;
};

/** The type and the key, without options and the comment. */
const keyOf = (word: string): string => {
  const [, type, body] = /(?:^|\s)((?:ssh|ecdsa|sk)-\S+)\s+([\w+/=]+)/.exec(word) ?? [];
  return type && body ? `${type} ${body}` : word;
};

/** The source of a firewall rule: empty for any IPv4 address, and a range without the bits of a host in it. */
export function source(word: string): string {
  if (/^(any|anywhere|all|\*|0\.0\.0\.0\/0)$/i.test(word)) return '';
  const [, address = '', given] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const groups = /^(\d{1,3}\.){3}\d{1,3}$/.test(address) ? address.split('.').map(Number) : groupsOf(address);
  const size = groups.length === 4 ? 8 : 16;
  const bits = Number(given ?? groups.length * size);
  if (groups.length === 0 || bits > groups.length * size) return lowercase(word);
  const kept = groups.map((group, index) => {
    const host = size - Math.max(0, Math.min(size, bits - index * size));
    return (group >> host) << host;
  });
  return `${kept.join(size === 8 ? '.' : ':')}/${bits}`;
}

/** The eight groups of an IPv6 address; empty for any other word. */
function groupsOf(address: string): readonly number[] {
  const url = `http://[${address}]`;
  if (!URL.canParse(url)) return [];
  const [head = [], tail = []] = new URL(url).hostname
    .slice(1, -1)
    .split('::')
    .map((part) =>
      part
        .split(':')
        .filter(Boolean)
        .map((group) => Number.parseInt(group, 16)),
    );
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Different spellings of the same value, by noun and field. */
export const spellings: Readonly<Record<string, Readonly<Record<string, (word: string) => string>>>> = {
  ssh_key: { public_key: keyOf },
  redirect: { from: path, to: path },
  crontab: { frequency: (word) => word.replaceAll(/\s+/g, ' ') },
  daemon: { directory: (word) => word.replace(/(?<=.)\/+$/, '') },
  network_rule: { protocol: lowercase, action: lowercase, source },
};
