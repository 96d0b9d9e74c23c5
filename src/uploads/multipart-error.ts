/** The request is not a valid GraphQL multipart request (status 400), or exceeds a limit (413). */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** A name chosen by a client is cut to this length in messages. */
const MAX_NAME_LENGTH = 60;

/** A name of the client, quoted for a message. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name);
