import { useEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import { useText } from '../language/language.tsx';
import { Icon } from '../icon.tsx';
import { drawPage, openPdf } from './pdf.ts';
import type { VisiblePart } from './pdf.ts';

const DRAWN_WIDTH = 700;

interface PageViewProps {
  readonly file: Blob;
  readonly title: string;
  readonly page: number;
  readonly onPage: (page: number) => void;
  /** What lies over the part of the page that is drawn. */
  readonly overlay?: (part: VisiblePart) => ReactNode;
}

/** One page of a PDF, and buttons for the others. */
export function PageView({ file, title, page, onPage, overlay }: PageViewProps) {
  const text = useText();
  const { pdf, hasFailed } = usePdf(file);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [part, setPart] = useState<VisiblePart>();
  const count = pdf?.numPages ?? 1;
  const index = Math.min(page, count - 1);
  useEffect(() => {
    if (pdf === undefined || canvas.current === null) return undefined;
    const left = new AbortController();
    drawPage(pdf, index, canvas.current, DRAWN_WIDTH, left.signal).then(
      (drawn) => left.signal.aborted || setPart(drawn),
      () => undefined,
    );
    return () => left.abort();
  }, [pdf, index]);
  return (
    <div className="page-view">
      {hasFailed && <p className="note">{text.previewFailed}</p>}
      <div className="sheet" hidden={hasFailed} data-drawn={part !== undefined}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`${text.pageCanvas(title)}, ${text.page(index + 1, count)}`}
        />
        {part !== undefined && overlay?.(part)}
      </div>
      {count > 1 && <Pages page={index} count={count} onPage={onPage} />}
    </div>
  );
}

function Pages({ page, count, onPage }: { page: number; count: number; onPage: (page: number) => void }) {
  const text = useText();
  return (
    <div className="pages">
      <button
        type="button"
        className="icon-button"
        aria-label={text.previousPage}
        disabled={page === 0}
        onClick={() => onPage(page - 1)}
      >
        <Icon name="left" />
      </button>
      <span>{text.page(page + 1, count)}</span>
      <button
        type="button"
        className="icon-button"
        aria-label={text.nextPage}
        disabled={page === count - 1}
        onClick={() => onPage(page + 1)}
      >
        <Icon name="right" />
      </button>
    </div>
  );
}

function usePdf(file: Blob): { pdf: PDFDocumentProxy | undefined; hasFailed: boolean } {
  const [state, setState] = useState<{ file: Blob; pdf?: PDFDocumentProxy; hasFailed: boolean }>();
  useEffect(() => {
    let isCurrent = true;
    let opened: PDFDocumentProxy | undefined;
    file
      .arrayBuffer()
      .then(openPdf)
      .then(
        (pdf) => {
          opened = pdf;
          if (isCurrent) setState({ file, pdf, hasFailed: false });
          else void pdf.loadingTask.destroy();
        },
        () => isCurrent && setState({ file, hasFailed: true }),
      );
    return () => {
      isCurrent = false;
      void opened?.loadingTask.destroy();
    };
  }, [file]);
  return {
    pdf: state?.file === file ? state.pdf : undefined,
    hasFailed: state?.file === file && state.hasFailed,
  };
}
