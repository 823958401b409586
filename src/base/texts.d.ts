/** The text of a shell script, without comments and indents: see scripts/texts.mjs. */
declare module '*.sh' {
  const text: string;
  export default text;
}

/** A page of the documentation. */
declare module '*.md' {
  const text: string;
  export default text;
}
