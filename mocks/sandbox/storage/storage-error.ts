/** An error of the storage: an XML body and the header `x-ms-error-code`. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly status: number;
  readonly code: string;
  /** Further elements of the XML, such as `HeaderName`. */
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    details: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
    this.headers = headers;
  }

  xml(requestId: string, now: number): string {
    const message = `${this.message}\nRequestId:${requestId}\nTime:${new Date(now).toISOString()}`;
    const elements = { Code: this.code, Message: message, ...this.details };
    const inner = Object.entries(elements).map(([name, text]) => `<${name}>${escaped(text)}</${name}>`);
    return `<?xml version="1.0" encoding="utf-8"?><Error>${inner.join('')}</Error>`;
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

export function missingHeader(name: string): StorageError {
  return new StorageError(
    400,
    'MissingRequiredHeader',
    'An HTTP header that is mandatory for this request is not specified.',
    {
      HeaderName: name,
    },
  );
}

export function invalidHeader(name: string, value: string): StorageError {
  const message = 'The value for one of the HTTP headers is not in the correct format.';
  return new StorageError(400, 'InvalidHeaderValue', message, { HeaderName: name, HeaderValue: value });
}

export function invalidQuery(name: string, value: string, reason: string): StorageError {
  const message = 'Value for one of the query parameters specified in the request URI is invalid.';
  return new StorageError(400, 'InvalidQueryParameterValue', message, {
    QueryParameterName: name,
    QueryParameterValue: value,
    Reason: reason,
  });
}
