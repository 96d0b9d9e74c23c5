import { useEffect, useState } from 'react';
import type { SignatureRequest } from '../gateway/operations.ts';
import { fetchAsCaller, token } from '../gateway/token.ts';
import { Icon } from '../icon.tsx';
import { useText } from '../language/language.tsx';
import { FailureNote, takeFocus } from '../parts.tsx';
import { useSubject } from '../subject.ts';
import type { Signature } from '../use-signature.ts';
import { PageView } from './page-view.tsx';

const STEPS = ['DRAFT', 'READY', 'WAIT_FOR_SIGNATURE', 'SIGNED'] as const;

/** The status of the request, its QR code, and in the end the signed documents. */
export function RequestStatus({ signature, onNew }: { signature: Signature; onNew: () => void }) {
  const text = useText();
  const { request, failure, isLost } = signature;
  const hasFailed = request !== undefined && ['REJECTED', 'CANCELLED'].includes(request.status);
  return (
    <div className="request-status" ref={takeFocus} tabIndex={-1}>
      <Steps status={request?.status ?? 'READY'} />
      {isLost && (
        <p className="note warning" role="status">
          <Icon name="alert" /> {text.connectionLost}
        </p>
      )}
      {failure !== undefined && <FailureNote failure={failure} />}
      {request !== undefined && <Outcome request={request} />}
      <div className="actions">
        {request?.status === 'WAIT_FOR_SIGNATURE' && (
          <button type="button" className="btn btn-outline-danger" onClick={() => void signature.cancel()}>
            {text.cancelRequest}
          </button>
        )}
        <button
          type="button"
          className={`btn ${hasFailed ? 'btn-primary' : 'btn-outline-primary'}`}
          onClick={() => {
            signature.clear();
            onNew();
          }}
        >
          {text.newRequest}
        </button>
      </div>
    </div>
  );
}

function Steps({ status }: { status: SignatureRequest['status'] }) {
  const text = useText();
  const isFailed = status === 'REJECTED' || status === 'CANCELLED';
  const reached = isFailed ? 3 : STEPS.indexOf(status === 'UNKNOWN' ? 'DRAFT' : status);
  return (
    <ol className="steps" aria-label={text.progress}>
      {STEPS.map((step, index) => {
        const name = index === 3 && isFailed ? status : step;
        const state = index < reached || status === 'SIGNED' ? 'done' : index === reached ? 'now' : 'later';
        return (
          <li
            key={step}
            className={index === 3 && isFailed ? 'bad' : state}
            aria-current={index === reached ? 'step' : undefined}
          >
            <span>{text.statuses[name]}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Outcome({ request }: { request: SignatureRequest }) {
  const text = useText();
  const { status, qrCode, isExpired, rejectReason } = request;
  if (status === 'SIGNED') return <SignedDocuments request={request} />;
  if (isExpired)
    return (
      <p className="note warning" role="alert">
        <Icon name="alert" /> {text.expired}
      </p>
    );
  if (status === 'REJECTED')
    return (
      <div className="note problem" role="alert">
        <Icon name="alert" />
        <div>
          <strong>{text.statuses.REJECTED}</strong>
          <p lang="en">{text.rejectReason(rejectReason ?? '')}</p>
          <p>{text.rejectTodo}</p>
        </div>
      </div>
    );
  if (!qrCode) return null;
  return (
    <div className="waiting">
      <figure className="qr-code">
        <img src={qrCode.image} alt={text.qrCode} width="200" height="200" />
        <figcaption>{text.qrHint}</figcaption>
      </figure>
      <div>
        <h3>{text.nowCitizen}</h3>
        <ol>
          {text.nowCitizenSteps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <a className="btn btn-primary to-other" href="#phone">
          {text.toPhone}
        </a>
      </div>
    </div>
  );
}

function SignedDocuments({ request: { id, documents } }: { request: SignatureRequest }) {
  const text = useText();
  const [chosen, setChosen] = useState(documents?.[0]?.id);
  const document = documents?.find((candidate) => candidate.id === chosen);
  return (
    <div className="signed">
      <div className="note success" role="status">
        <Icon name="check" />
        <div>
          <strong>{text.allSigned}</strong>
          <p>{text.allSignedHint}</p>
        </div>
      </div>
      {documents && documents.length > 1 && (
        <div className="document-tabs" role="group" aria-label={text.signedDocuments}>
          {documents.map((item) => (
            <button
              key={item.id}
              type="button"
              className="tab"
              aria-pressed={item.id === chosen}
              onClick={() => setChosen(item.id)}
            >
              <Icon name="file" /> {item.title}
            </button>
          ))}
        </div>
      )}
      {document !== undefined && (
        <SignedDocument address={`/documents/${id}/${document.id}.pdf`} title={document.title} />
      )}
    </div>
  );
}

function SignedDocument({ address, title }: { address: string; title: string }) {
  const text = useText();
  const { file, hasFailed } = useFile(address);
  const [page, setPage] = useState(0);
  const copy = useObjectUrl(file, `${title}.pdf`);
  // A link cannot send a token, so that a gateway with authentication has this page save the file.
  const target = useSubject(token) === '' ? { href: address, target: '_blank', rel: 'noreferrer' } : copy;
  if (hasFailed) return <p className="note problem">{text.previewFailed}</p>;
  return (
    <>
      <a className="btn btn-primary open-signed" {...target}>
        <Icon name="open" /> {text.downloadSigned}
        <span className="visually-hidden">: {title}</span>
      </a>
      {file !== undefined && <PageView file={file} title={title} page={page} onPage={setPage} />}
    </>
  );
}

function useFile(address: string): { file: Blob | undefined; hasFailed: boolean } {
  const [file, setFile] = useState<Blob>();
  const [hasFailed, setHasFailed] = useState(false);
  useEffect(() => {
    const left = new AbortController();
    setFile(undefined);
    setHasFailed(false);
    fetchAsCaller(address, { signal: left.signal })
      .then((response) =>
        response.ok ? response.blob() : Promise.reject(new Error(String(response.status))),
      )
      .then(setFile)
      .catch(() => left.signal.aborted || setHasFailed(true));
    return () => left.abort();
  }, [address]);
  return { file, hasFailed };
}

/** The attributes of a link that saves the file. */
function useObjectUrl(file: Blob | undefined, name: string): { href: string | undefined; download: string } {
  const [href, setHref] = useState<string>();
  useEffect(() => {
    if (file === undefined) return undefined;
    const made = URL.createObjectURL(file);
    setHref(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return { href, download: name };
}
