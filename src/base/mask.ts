/** Words in brackets that stand for a value. */
const WORDS = /^[[(<{]\s*(hidden|masked|redacted|secret|encrypted|filtered)\s*[\])>}]$/i;

/** True for what an API shows instead of a hidden value: `••••1234`, `********` or `[hidden]`. */
export const isMask = (value: unknown): boolean =>
  typeof value === 'string' && (/[•●∙⬤]{2}/u.test(value) || /^\*{3,}$/.test(value) || WORDS.test(value.trim()));
