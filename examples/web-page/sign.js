/*
 * A page of an institution that requests a signature: it uploads PDFs, shows the QR code and follows the status. It needs no
 * library and no build step. The query parameter `gateway` sets the gateway; the default is the one on this machine.
 */
const GATEWAY = new URLSearchParams(location.search).get('gateway') ?? 'http://localhost:4000/graphql';

const ASK = `mutation Ask($input: RequestSignatureInput!) {
  requestSignature(input: $input) {
    ... on RequestSignaturePayload { signatureRequest { id qrCode { link image } } }
    ... on RequestSignatureIncompleteError { cause { message ... on DocumentRejectedError { reasons } } }
    ... on Error { code message }
  }
}`;

const WATCH = `subscription Watch($id: ID!) {
  signatureRequestChanged(id: $id) { status rejectReason documents { id title } }
}`;

/** Text of each status. The other statuses last for seconds only. */
const WORDS = {
  WAIT_FOR_SIGNATURE: 'Waiting for the signature.',
  SIGNED: 'Signed.',
  REJECTED: 'The signature failed.',
  CANCELLED: 'The request was cancelled.',
};

const form = document.querySelector('form');
const [status, alert, figure, list] = ['[role=status]', '[role=alert]', 'figure', 'ul'].map((selector) =>
  document.querySelector(selector),
);

/** A retry with the same form content has the same key, so it continues where the last attempt stopped. */
let idempotencyKey = crypto.randomUUID();
form.addEventListener('input', () => (idempotencyKey = crypto.randomUUID()));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  alert.textContent = '';
  figure.hidden = true;
  list.replaceChildren();
  status.textContent = 'Uploading the documents …';
  try {
    const request = await ask(new FormData(form));
    figure.querySelector('a').href = request.qrCode.link;
    figure.querySelector('img').src = request.qrCode.image;
    figure.hidden = false;
    watch(request.id);
  } catch (error) {
    status.textContent = '';
    alert.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});

/** Uploads all documents in one multipart request: https://github.com/jaydenseric/graphql-multipart-request-spec */
async function ask(fields) {
  const files = fields.getAll('files');
  const input = {
    dossier: { create: { title: fields.get('title') } },
    signer: { fiscalCode: fields.get('fiscalCode').trim().toUpperCase() },
    documents: files.map(({ name }) => ({
      title: name.replace(/\.pdf$/i, ''),
      fields: [
        {
          clause: { title: 'Firma', type: 'REQUIRED' },
          position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
        },
      ],
      file: null,
    })),
    idempotencyKey,
  };
  const body = new FormData();
  body.set('operations', JSON.stringify({ query: ASK, variables: { input } }));
  body.set(
    'map',
    JSON.stringify(Object.fromEntries(files.map((_, n) => [n, [`variables.input.documents.${n}.file`]]))),
  );
  files.forEach((file, n) => body.set(String(n), file));

  const response = await fetch(GATEWAY, { method: 'POST', body });
  const { data, errors } = await response.json();
  if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('\n'));
  const { signatureRequest, cause, message } = data.requestSignature;
  if (signatureRequest === undefined) throw new Error([message, ...(cause?.reasons ?? [])].join('\n'));
  return signatureRequest;
}

/** Follows the request until a final status. The browser reconnects by itself, and misses no change. */
function watch(id) {
  const address = new URL(GATEWAY);
  address.search = new URLSearchParams({ query: WATCH, variables: JSON.stringify({ id }) });
  const events = new EventSource(address);
  events.addEventListener('next', ({ data }) => {
    const { data: found, errors } = JSON.parse(data);
    if (errors !== undefined) alert.textContent = errors.map(({ message }) => message).join('\n');
    else show(id, found.signatureRequestChanged);
  });
  events.addEventListener('complete', () => events.close());
}

function show(id, request) {
  status.textContent = WORDS[request.status] ?? status.textContent;
  figure.hidden = request.status !== 'WAIT_FOR_SIGNATURE';
  alert.textContent = request.status === 'REJECTED' ? (request.rejectReason ?? '') : '';
  if (request.status !== 'SIGNED') return;
  for (const { id: documentId, title } of request.documents) {
    const link = document.createElement('a');
    link.href = new URL(`/documents/${id}/${documentId}.pdf`, GATEWAY).href;
    link.textContent = title;
    list.appendChild(document.createElement('li')).append(link);
  }
}
