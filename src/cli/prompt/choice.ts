/** One of the answers to choose from. */
export interface Choice<V> {
  readonly name: string;
  readonly value: V;
  readonly description?: string;
  readonly checked?: boolean;
}
