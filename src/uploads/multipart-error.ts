/** The request is no GraphQL multipart request, or breaks a limit: `status` is 400 or 413. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Characters of a name that a client has chosen. */
const MAX_NAME = 60;

/** For a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name);
