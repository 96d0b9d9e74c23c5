import type { IncomingHttpHeaders } from 'node:http';

/** The headers of a request, of Node or of Yoga. Names are in lower case. */
export interface RequestHeaders extends Iterable<[name: string, value: string]> {
  /** Null without the header. The values of a header that was sent several times are joined by commas. */
  get(name: string): string | null;
}

/** The headers of a request of Node; a copy as `Headers` would check each of them again. */
export class NodeHeaders implements RequestHeaders {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    const value = this.#headers[name];
    if (value === undefined) return null;
    return typeof value === 'string' ? value : value.join(', ');
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of Object.keys(this.#headers)) yield [name, this.get(name) ?? ''];
  }
}
