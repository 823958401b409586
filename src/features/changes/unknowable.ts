/** Something that cannot be known, and what to do about it. Caught where the changes are put together. */
export class Unknowable extends Error {
  override readonly name = 'Unknowable';
  readonly fix: string | null;

  constructor(why: string, fix: string | null = null) {
    super(why);
    this.fix = fix;
  }
}
