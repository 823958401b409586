const ULID = /"([0-7][0-9A-HJKMNP-TV-Z]{25})"/g;
const FIRST = 1_000;

/** Ids as numbers, for a platform that has such: the later, the higher. */
export interface Numbers {
  /** JSON with numbers for ids. */
  into(json: string): string;
  /** The id that bears this number; anything else stays what it is. */
  idOf(number: string): string;
}

/** Knows no id yet. */
export function openNumbers(): Numbers {
  const ids: string[] = [];
  return {
    into(json) {
      const found = [...json.matchAll(ULID)].map(([, id = '']) => id);
      ids.push(...[...new Set(found)].filter((id) => !ids.includes(id)).sort());
      return json.replace(ULID, (_, id: string) => String(FIRST + ids.indexOf(id)));
    },
    idOf: (number) => (/^\d{4,}$/.test(number) ? ids[Number(number) - FIRST] : undefined) ?? number,
  };
}
