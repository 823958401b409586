/** One of the answers to choose from. */
export interface Choice<V> {
  readonly name: string;
  readonly value: V;
  readonly description?: string;
  /** Shown as the answer instead of the name. */
  readonly short?: string;
  readonly checked?: boolean;
}
