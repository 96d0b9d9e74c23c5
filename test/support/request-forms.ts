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

/** Every form in which an operation comes. */
export const FORMS: Readonly<Record<string, (url: string, sent: Sent) => Promise<Response>>> = {
  'a JSON body': (url, sent) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sent),
    }),
  'an address': (url, sent) =>
    fetch(`${url}?${parameters(sent)}`, { headers: { accept: 'application/json' } }),
  'a form': (url, sent) => fetch(url, { method: 'POST', body: parameters(sent) }),
  'a form of files': (url, sent) => {
    const form = new FormData();
    form.set('operations', JSON.stringify(sent));
    form.set('map', '{}');
    return fetch(url, { method: 'POST', body: form });
  },
  'a stream of events by an address': (url, sent) =>
    fetch(`${url}?${parameters(sent)}`, { headers: { accept: 'text/event-stream' } }),
  'a form of files that asks for a stream of events': (url, sent) => {
    const form = new FormData();
    form.set('operations', JSON.stringify(sent));
    form.set('map', '{}');
    return fetch(url, { method: 'POST', headers: { accept: 'text/event-stream' }, body: form });
  },
  'a stream of events': (url, sent) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(sent),
    }),
};
