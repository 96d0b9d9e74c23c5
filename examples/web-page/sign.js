/*
 * A page of an institution that asks a citizen for a signature: PDFs in, a QR code out, and a status that changes by itself.
 * No library and no build. It talks to the gateway at `?gateway=`, or to the one on this machine.
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

/** What a status says to whoever looks at the page. Statuses that are not here come and go within seconds. */
const WORDS = {
  WAIT_FOR_SIGNATURE: 'Waiting for the signature.',
  SIGNED: 'Signed.',
  REJECTED: 'The signature has failed.',
  CANCELLED: 'The request has been cancelled.',
};

const form = document.querySelector('form');
const [status, alert, figure, list] = ['[role=status]', '[role=alert]', 'figure', 'ul'].map((selector) =>
  document.querySelector(selector),
);

/** The same for repeats of what is in the form, so that they go on where the last attempt has stopped; another for others. */
let idempotencyKey = crypto.randomUUID();
form.addEventListener('input', () => (idempotencyKey = crypto.randomUUID()));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  button.disabled = true;
  alert.textContent = '';
  figure.hidden = true;
  list.replaceChildren();
  status.textContent = 'Sending the documents …';
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

/** One request with everything: https://github.com/jaydenseric/graphql-multipart-request-spec */
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

/** Until the request is signed, rejected or cancelled. The browser connects again by itself, and loses nothing by that. */
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
