export interface Sent {
  readonly query?: string;
  readonly documentId?: string;
  readonly extensions?: unknown;
  readonly variables?: unknown;
}

const parameters = (sent: Sent): URLSearchParams =>
  new URLSearchParams(
    Object.entries(sent).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

/** Every form of an HTTP request with an operation. */
export const FORMATS: Readonly<Record<string, (url: string, sent: Sent) => Promise<Response>>> = {
  'a JSON body': (url, sent) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    }),
  'an address': (url, sent) =>
    fetch(`${url}?${parameters(sent)}`, { headers: { accept: 'application/json' } }),
  'a form': (url, sent) => fetch(url, { method: 'POST', body: parameters(sent) }),
  'a multipart form': (url, sent) => {
    const form = new FormData();
    form.set('operations', JSON.stringify(sent));
    form.set('map', '{}');
    return fetch(url, { method: 'POST', body: form });
  },
  'an event stream by GET': (url, sent) =>
    fetch(`${url}?${parameters(sent)}`, { headers: { accept: 'text/event-stream' } }),
  'a multipart form that accepts an event stream': (url, sent) => {
    const form = new FormData();
    form.set('operations', JSON.stringify(sent));
    form.set('map', '{}');
    return fetch(url, { method: 'POST', headers: { accept: 'text/event-stream' }, body: form });
  },
  'an event stream': (url, sent) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(sent),
    }),
};
