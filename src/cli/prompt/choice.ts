/** An option of a prompt. */
export interface Choice<V> {
  readonly name: string;
  readonly value: V;
  readonly description?: string;
  /** Shown once chosen, instead of the name. */
  readonly short?: string;
  readonly checked?: boolean;
}
