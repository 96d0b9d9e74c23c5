import { API_BASE } from './api.ts';
import { CONTROL_BASE } from '../control/handlers.ts';
import { ACCOUNT } from '../storage/containers.ts';
import type { WireAnswer } from './wire-answer.ts';

/**
 * The response of `/`: the URLs of the sandbox, as HTML or JSON if `accept` names one of them, else as text.
 * @param origin scheme, host and port that the client used
 */
export function startPage(origin: string, accept = ''): WireAnswer {
  const entries = entriesAt(origin);
  if (/\btext\/html\b/i.test(accept)) {
    const rows = entries.map(({ label, url, note }) => {
      const address = url === undefined ? '' : `<a href="${url}">${url}</a> `;
      return `<dt>${label}</dt><dd>${address}${note}</dd>`;
    });
    const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${NAME}</title>`;
    const body = `<!doctype html><html lang="en"><head>${head}</head><body><h1>${NAME}</h1><dl>${rows.join('')}</dl></body></html>\n`;
    return answer('text/html; charset=utf-8', body);
  }
  if (/\bapplication\/(?:[\w.-]+\+)?json\b/i.test(accept)) {
    const links = entries.flatMap(({ name, url }) => (url === undefined ? [] : [[name, url]]));
    return answer('application/json', JSON.stringify({ name: NAME, links: Object.fromEntries(links) }));
  }
  const width = Math.max(...entries.map(({ label }) => label.length)) + 2;
  const lines = entries.map(({ label, url, note }) => {
    const rest = [url, note].filter((text) => text !== undefined && text !== '').join('  ');
    return `  ${label.padEnd(width)}${rest}`;
  });
  return answer('text/plain; charset=utf-8', `${[NAME, ...lines].join('\n')}\n`);
}

const NAME = 'Firma con IO sandbox';

interface Entry {
  /** Its name in JSON. */
  readonly name: string;
  readonly label: string;
  readonly url: string | undefined;
  /** Must not contain characters that HTML escapes. */
  readonly note: string;
}

function entriesAt(origin: string): Entry[] {
  const control = `${origin}${CONTROL_BASE}`;
  return [
    {
      name: 'api',
      label: 'API',
      url: `${origin}${API_BASE}`,
      note: 'base URL; the header Ocp-Apim-Subscription-Key takes any text as key',
    },
    { name: 'control', label: 'Control API', url: control, note: 'seeds, faults, time, the citizen' },
    { name: 'document', label: 'Its document', url: `${control}/openapi.yaml`, note: '' },
    { name: 'journal', label: 'Journal', url: `${control}/journal`, note: 'received calls' },
    {
      name: 'storage',
      label: 'Storage',
      url: `${origin}/${ACCOUNT}`,
      note: 'pre-signed URLs of the API only',
    },
    {
      name: 'documentation',
      label: 'Documentation',
      url: undefined,
      note: 'docs/guide/sandbox.md, in the package and in the repository',
    },
  ];
}

function answer(type: string, body: string): WireAnswer {
  const headers = {
    'content-type': type,
    vary: 'accept',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'",
  };
  return { status: 200, headers, body };
}
