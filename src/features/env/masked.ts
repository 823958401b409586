/** True for a value that the API hides: `••••••••`. */
export const isMasked = (value: string): boolean => /^[•●*]{3,}$/.test(value);
