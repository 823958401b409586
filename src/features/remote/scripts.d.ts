/** The text of a shell script, without comments and indents: see scripts/shell-scripts.mjs. */
declare module '*.sh' {
  const script: string;
  export default script;
}
