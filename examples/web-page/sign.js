/*
 * A page of an institution that requests a signature: it uploads PDFs, shows the QR code and follows the status. It needs no
 * build step: `sigillo-client.js` is the client of the package as one module, which `npm run client:bundle` writes here. The query
 * parameter `gateway` sets the gateway; the default is the one on this machine.
 */
import { MESSAGES } from './messages.js';
import { GatewayUnreachableError, SigilloClient, TypedDocumentString } from './sigillo-client.js';

const GATEWAY = new URLSearchParams(location.search).get('gateway') ?? 'http://localhost:4000/graphql';

const client = new SigilloClient({ url: GATEWAY });

const ASK = new TypedDocumentString(`mutation Ask($input: RequestSignatureInput!) {
  requestSignature(input: $input) {
    ... on RequestSignaturePayload { signatureRequest { id qrCode { link image } } }
    ... on RequestSignatureIncompleteError { cause { code } }
    ... on InvalidInputError { fieldErrors { path } }
    ... on Error { code }
  }
}`);

const WATCH = new TypedDocumentString(`subscription Watch($id: ID!) {
  signatureRequestChanged(id: $id) { status documents { id title } }
}`);

/** The inputs that errors concern; all others concern the form. */
const FIELDS = {
  SIGNER_UNAVAILABLE: 'fiscal-code',
  INVALID_FISCAL_CODE: 'fiscal-code',
  NOT_A_PDF: 'files',
  EMPTY_FILE: 'files',
  FILE_TOO_LARGE: 'files',
  UNREADABLE_PDF: 'files',
  DOCUMENT_REJECTED: 'files',
};

const $ = (selector) => document.querySelector(selector);
const form = $('form');
const [status, progress, figure, list] = [$('[role=status]'), $('progress'), $('figure'), $('ul')];
let text = MESSAGES.it;
/** Shows the status again, in the current language. */
let showStatus = () => {};

function speak(language) {
  text = MESSAGES[language];
  document.documentElement.lang = language;
  document.title = `${text.title} – Comune di Esempio`;
  for (const element of document.querySelectorAll('[data-text]'))
    element.textContent = text[element.dataset.text];
  for (const button of document.querySelectorAll('[data-language]'))
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  figure.querySelector('img').alt = text.qrCode;
  progress.setAttribute('aria-label', text.progress);
  clearErrors();
  showStatus();
}

function clearErrors() {
  for (const error of document.querySelectorAll('.error')) error.textContent = '';
  for (const input of form.elements) input.removeAttribute('aria-invalid');
}

/** Shows the error beside the input that it concerns, and moves the focus there. */
function showError(field, message) {
  $(`#${field}-error`).textContent = message;
  const input = document.getElementById(field);
  input?.setAttribute('aria-invalid', 'true');
  input?.focus();
}

/** An error with a code of the gateway. */
class SignatureError extends Error {
  constructor(code, field = FIELDS[code] ?? 'form') {
    super(code);
    this.code = code;
    this.field = field;
  }
}

/** A retry with the same form content has the same key, so it continues where the last attempt stopped. */
let idempotencyKey = crypto.randomUUID();
form.addEventListener('input', () => (idempotencyKey = crypto.randomUUID()));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  clearErrors();
  const fields = new FormData(form);
  if (!isComplete(fields)) return;
  const button = form.querySelector('button');
  button.disabled = true;
  $('section').hidden = false;
  figure.hidden = true;
  list.hidden = true;
  showStatus = () => (status.textContent = text.sending);
  showStatus();
  progress.value = 0;
  progress.hidden = false;
  try {
    const request = await ask(fields);
    figure.querySelector('a').href = request.qrCode.link;
    figure.querySelector('img').src = request.qrCode.image;
    watch(request.id);
  } catch (error) {
    $('section').hidden = true;
    const { code = 'OTHER', field = FIELDS[code] ?? 'form' } =
      error instanceof GatewayUnreachableError ? { code: 'UNREACHABLE' } : error;
    showError(field, text.errors[code] ?? text.errors.OTHER);
  } finally {
    button.disabled = false;
    progress.hidden = true;
  }
});

function isComplete(fields) {
  const missing = [
    ['files', 'files', fields.getAll('files').every(({ size, name }) => size === 0 && name === '')],
    ['title', 'title', fields.get('title').trim() === ''],
    ['fiscal-code', 'fiscalCode', fields.get('fiscalCode').trim() === ''],
  ].filter(([, , isMissing]) => isMissing);
  for (const [field, name] of missing) showError(field, text.missing[name]);
  return missing.length === 0;
}

/** Uploads all documents in one request. */
async function ask(fields) {
  const input = {
    dossier: { create: { title: fields.get('title') } },
    signer: { fiscalCode: fields.get('fiscalCode').trim().toUpperCase() },
    documents: fields.getAll('files').map((file) => ({
      title: file.name.replace(/\.pdf$/i, '').slice(0, 60),
      fields: [
        {
          clause: { title: text.clause, type: 'REQUIRED' },
          position: { box: { page: 0, x: 85, y: 676, width: 177, height: 77 } },
        },
      ],
      file,
    })),
    idempotencyKey,
  };
  const onProgress = ({ sentBytes, totalBytes }) => (progress.value = sentBytes / totalBytes);
  const { requestSignature } = await client.run(ASK, { input }, { onProgress });
  const { signatureRequest, cause, code, fieldErrors } = requestSignature;
  if (signatureRequest?.qrCode) return signatureRequest;
  const [place] = fieldErrors?.[0]?.path ?? [];
  if (place === 'signer') throw new SignatureError('INVALID_FISCAL_CODE');
  if (place === 'dossier') throw new SignatureError(code, 'title');
  throw new SignatureError(cause?.code ?? code ?? 'OTHER');
}

/** Follows the request until a final status. The client reconnects by itself, and misses no change. */
async function watch(id) {
  const onConnection = (connection) => {
    if (connection === 'lost') showStatus = () => (status.textContent = text.lost);
    showStatus();
  };
  try {
    const events = client.subscribe(WATCH, { id }, { onConnection, attempts: Infinity });
    for await (const { signatureRequestChanged } of events) {
      showStatus = () => show(id, signatureRequestChanged);
      showStatus();
    }
  } catch {
    showError('form', text.errors.OTHER);
  }
}

function show(id, request) {
  status.textContent = text.status[request.status] ?? text.sending;
  figure.hidden = request.status !== 'WAIT_FOR_SIGNATURE';
  list.hidden = request.status !== 'SIGNED';
  if (list.hidden) return;
  list.replaceChildren(
    ...request.documents.map(({ id: documentId, title }) => {
      const item = document.createElement('li');
      const link = document.createElement('a');
      link.href = new URL(`/documents/${id}/${documentId}.pdf`, GATEWAY).href;
      link.textContent = title;
      link.setAttribute('aria-label', `${text.download}: ${title}`);
      item.append(link);
      return item;
    }),
  );
}

for (const button of document.querySelectorAll('[data-language]'))
  button.addEventListener('click', () => speak(button.dataset.language));
speak(navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in MESSAGES) ?? 'en');
