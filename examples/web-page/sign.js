/*
 * A page of an institution that requests a signature: it uploads PDFs, shows the QR code and follows the status. It needs no
 * library and no build step. The query parameter `gateway` sets the gateway; the default is the one on this machine.
 */
import { MESSAGES } from './messages.js';

const GATEWAY = new URLSearchParams(location.search).get('gateway') ?? 'http://localhost:4000/graphql';

const ASK = `mutation Ask($input: RequestSignatureInput!) {
  requestSignature(input: $input) {
    ... on RequestSignaturePayload { signatureRequest { id qrCode { link image } } }
    ... on RequestSignatureIncompleteError { cause { code } }
    ... on InvalidInputError { fieldErrors { path } }
    ... on Error { code }
  }
}`;

const WATCH = `subscription Watch($id: ID!) {
  signatureRequestChanged(id: $id) { status documents { id title } }
}`;

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
const [status, figure, list] = [$('[role=status]'), $('figure'), $('ul')];
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
  try {
    const request = await ask(fields);
    figure.querySelector('a').href = request.qrCode.link;
    figure.querySelector('img').src = request.qrCode.image;
    watch(request.id);
  } catch (error) {
    $('section').hidden = true;
    const { code = 'OTHER', field = 'form' } = error;
    showError(field, text.errors[code] ?? text.errors.OTHER);
  } finally {
    button.disabled = false;
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

/** Uploads all documents in one multipart request: https://github.com/jaydenseric/graphql-multipart-request-spec */
async function ask(fields) {
  const files = fields.getAll('files');
  const input = {
    dossier: { create: { title: fields.get('title') } },
    signer: { fiscalCode: fields.get('fiscalCode').trim().toUpperCase() },
    documents: files.map(({ name }) => ({
      title: name.replace(/\.pdf$/i, '').slice(0, 60),
      fields: [
        {
          clause: { title: text.clause, type: 'REQUIRED' },
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

  const { data, errors } = await send(body);
  if (errors !== undefined) throw new SignatureError(errors[0].extensions?.code);
  const { signatureRequest, cause, code, fieldErrors } = data.requestSignature;
  if (signatureRequest?.qrCode) return signatureRequest;
  const [place] = fieldErrors?.[0]?.path ?? [];
  if (place === 'signer') throw new SignatureError('INVALID_FISCAL_CODE');
  if (place === 'dossier') throw new SignatureError(code, 'title');
  throw new SignatureError(cause?.code ?? code ?? 'OTHER');
}

async function send(body) {
  try {
    return await (await fetch(GATEWAY, { method: 'POST', body })).json();
  } catch {
    throw new SignatureError('UNREACHABLE');
  }
}

/** Follows the request until a final status. The browser reconnects by itself, and misses no change. */
function watch(id) {
  const address = new URL(GATEWAY);
  address.search = new URLSearchParams({ query: WATCH, variables: JSON.stringify({ id }) });
  const events = new EventSource(address);
  events.addEventListener('next', ({ data }) => {
    const { data: found, errors } = JSON.parse(data);
    if (errors !== undefined) return showError('form', text.errors.OTHER);
    showStatus = () => show(id, found.signatureRequestChanged);
    showStatus();
  });
  events.addEventListener('error', () => {
    status.textContent = events.readyState === EventSource.CLOSED ? text.errors.UNREACHABLE : text.lost;
  });
  events.addEventListener('complete', () => events.close());
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
