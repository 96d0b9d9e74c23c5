/** The texts of the page, as a public office would word them. Codes are those of the gateway: docs/reference/errors.md. */
export const MESSAGES = {
  it: {
    title: 'Richiesta di firma',
    lead: 'Carica i documenti da firmare. La persona indicata riceve un messaggio nell’app IO e firma dal telefono.',
    fiscalCode: 'Codice fiscale di chi firma',
    dossier: 'Oggetto',
    files: 'Documenti da firmare, in formato PDF',
    send: 'Richiedi la firma',
    outcome: 'Stato della richiesta',
    scan: 'Inquadra il codice con il telefono per aprire la richiesta nell’app IO. Se sei già al telefono, toccalo.',
    qrCode: 'Codice QR che apre la richiesta nell’app IO',
    footer: 'La firma avviene con Firma con IO, il servizio pubblico di firma a distanza.',
    clause: 'Firma del documento',
    sending: 'Stiamo inviando i documenti. Non chiudere la pagina.',
    progress: 'Invio dei documenti',
    lost: 'Il collegamento si è interrotto. La pagina si ricollega da sola.',
    download: 'Scarica',
    status: {
      WAIT_FOR_SIGNATURE: 'La richiesta è stata inviata. In attesa della firma.',
      SIGNED: 'I documenti sono stati firmati.',
      REJECTED: 'La firma non è riuscita per un problema tecnico. Invia una nuova richiesta.',
      CANCELLED: 'La richiesta è stata annullata.',
    },
    missing: {
      fiscalCode: 'Inserisci il codice fiscale di chi firma.',
      title: 'Inserisci l’oggetto della richiesta.',
      files: 'Scegli almeno un documento PDF.',
    },
    errors: {
      UNREACHABLE:
        'Il servizio non è raggiungibile. Controlla la connessione e riprova: i dati inseriti restano qui.',
      SIGNER_UNAVAILABLE:
        'Questa persona non può ricevere la richiesta: non usa l’app IO, oppure ha disattivato i messaggi di questo servizio.',
      NOT_A_PDF: 'Il file scelto non è un PDF. Scegli un documento in formato PDF.',
      EMPTY_FILE: 'Il file scelto è vuoto. Scegli un altro documento.',
      FILE_TOO_LARGE: 'Il documento è troppo grande. Scegli un file più piccolo.',
      UNREADABLE_PDF:
        'Il PDF non si può aprire: è danneggiato oppure protetto. Salvalo di nuovo senza password.',
      DOCUMENT_REJECTED:
        'Il documento non si può firmare: manca lo spazio per la firma oppure il PDF è danneggiato.',
      INVALID_FISCAL_CODE: 'Il codice fiscale non è corretto. Controlla di averlo scritto per intero.',
      INVALID_INPUT: 'Il valore non è ammesso. Correggilo e riprova.',
      IDEMPOTENCY_CONFLICT:
        'La richiesta è cambiata rispetto al primo invio. Ricarica la pagina e ricomincia.',
      RATE_LIMITED:
        'Il servizio riceve molte richieste. Attendi un minuto e riprova: nulla viene inviato due volte.',
      OTHER: 'Il servizio non risponde come previsto. Riprova tra poco: nulla viene inviato due volte.',
    },
  },
  en: {
    title: 'Request a signature',
    lead: 'Upload the documents to sign. The person receives a message in the IO app and signs on their phone.',
    fiscalCode: 'Fiscal code of the signer',
    dossier: 'Subject',
    files: 'Documents to sign, as PDF',
    send: 'Request the signature',
    outcome: 'Status of the request',
    scan: 'Scan the code with your phone to open the request in the IO app. If you are on the phone already, tap it.',
    qrCode: 'QR code that opens the request in the IO app',
    footer: 'Signatures are made with Firma con IO, the public service for remote signatures.',
    clause: 'Signature of the document',
    sending: 'We are sending the documents. Do not close this page.',
    progress: 'Documents sent',
    lost: 'The connection was interrupted. The page reconnects by itself.',
    download: 'Download',
    status: {
      WAIT_FOR_SIGNATURE: 'The request was sent. Waiting for the signature.',
      SIGNED: 'The documents are signed.',
      REJECTED: 'The signature failed for a technical reason. Send a new request.',
      CANCELLED: 'The request was cancelled.',
    },
    missing: {
      fiscalCode: 'Enter the fiscal code of the signer.',
      title: 'Enter the subject of the request.',
      files: 'Choose at least one PDF document.',
    },
    errors: {
      UNREACHABLE:
        'The service cannot be reached. Check your connection and try again: what you entered stays here.',
      SIGNER_UNAVAILABLE:
        'This person cannot receive the request: they do not use the IO app, or have switched off messages of this service.',
      NOT_A_PDF: 'The chosen file is not a PDF. Choose a document in PDF format.',
      EMPTY_FILE: 'The chosen file is empty. Choose another document.',
      FILE_TOO_LARGE: 'The document is too large. Choose a smaller file.',
      UNREADABLE_PDF:
        'The PDF cannot be opened: it is damaged or protected. Save it again without a password.',
      DOCUMENT_REJECTED:
        'The document cannot be signed: it has no room for the signature, or the PDF is damaged.',
      INVALID_FISCAL_CODE: 'The fiscal code is not correct. Check that it is complete.',
      INVALID_INPUT: 'This value is not allowed. Correct it and try again.',
      IDEMPOTENCY_CONFLICT: 'The request differs from the first attempt. Reload the page and start again.',
      RATE_LIMITED: 'The service receives many requests. Wait a minute and try again: nothing is sent twice.',
      OTHER: 'The service does not answer as expected. Try again shortly: nothing is sent twice.',
    },
  },
};
