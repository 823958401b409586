/** An error response, thrown by operations. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: Record<string, string[]> | undefined;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, errors?: Record<string, string[]>, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.headers = headers;
  }
}

/** 401: no token, or an unknown or revoked one. */
export const unauthenticated = (): Refusal => new Refusal(401, 'Unauthenticated.');

/** 403 with a reason. */
export const forbidden = (message: string): Refusal => new Refusal(403, message);

/** 404 in the words of Laravel's route model binding. */
export const notFound = (model: string, id: string): Refusal =>
  new Refusal(404, `No query results for model [App\\Models\\${model}] ${id}`);

/** 422 without fields: a plan limit, or a state that does not allow the action. */
export const unprocessable = (message: string): Refusal => new Refusal(422, message);

/** 422 with fields. The message summarizes them as Laravel does: "The name field is required. (and 1 more error)". */
export function invalid(errors: Record<string, string[]>): Refusal {
  const texts = Object.values(errors).flat();
  const more = texts.length - 1;
  const rest = more > 0 ? ` (and ${more} more ${more === 1 ? 'error' : 'errors'})` : '';
  return new Refusal(422, `${texts[0]}${rest}`, errors);
}
