/** What dnx knows of a query parameter, a field of the body or of the response. `assumed`: the API reference does not state it. */
export interface SchemaField {
  readonly name: string;
  readonly type: string | null;
  readonly assumed: boolean;
}

/** A field that dnx sends. */
export interface SentField extends SchemaField {
  readonly required: boolean;
  /** Known values, which dnx does not enforce. */
  readonly choices: readonly string[];
  /** False if only `-F` sends it. */
  readonly option: boolean;
  readonly help: string;
}

/** What dnx knows of an endpoint. */
export interface Schema {
  readonly operation: string;
  /** Null if any token will do. */
  readonly ability: { readonly name: string; readonly assumed: boolean } | null;
  /** The commands that send it. */
  readonly commands: readonly string[];
  readonly path: readonly string[];
  readonly query: readonly SentField[];
  readonly body: readonly SentField[];
  readonly response: { readonly type: 'array' | 'object' | 'file'; readonly fields: readonly SchemaField[] };
}
