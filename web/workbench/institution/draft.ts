import type { FieldBox, Inspection, RequestSignatureInput } from '../gateway/operations.ts';
import type { AdviceCode } from '../language/messages.ts';
import { randomId } from '../../random-id.ts';

export type ClauseType = 'REQUIRED' | 'UNFAIR' | 'OPTIONAL';
export const CLAUSE_TYPES: readonly ClauseType[] = ['REQUIRED', 'UNFAIR', 'OPTIONAL'];

export interface DraftField {
  readonly id: string;
  readonly clause: string;
  readonly type: ClauseType;
  /** For a field with an anchor, where the gateway has found the text. */
  readonly box: FieldBox;
  /** The text of the PDF that places the field. */
  readonly anchor?: string | undefined;
}

export interface DraftDocument {
  readonly id: string;
  readonly file: File;
  readonly title: string;
  readonly fields: readonly DraftField[];
  /** What `inspectDocument` found last, and in which fields: those of the document may be others by now. */
  readonly inspected?: { readonly fields: string; readonly result: InspectionResult } | undefined;
  /** The pages that `inspectDocument` found. They do not change with the fields. */
  readonly pages?: Inspection['pages'] | undefined;
}

export type InspectionResult = Inspection | { readonly code: AdviceCode };

export interface Draft {
  readonly dossierTitle: string;
  readonly fiscalCode: string;
  readonly documents: readonly DraftDocument[];
  readonly selected: string | undefined;
}

const CITIZEN = 'SPNDNL80R13C555X';
export const EMPTY_DRAFT: Draft = {
  dossierTitle: 'Contratto di collaborazione',
  fiscalCode: CITIZEN,
  documents: [],
  selected: undefined,
};

/** The box of the examples of the service: the lower left of an A4 page. */
const FIRST_BOX: FieldBox = { page: 0, x: 85, y: 676, width: 177, height: 77 };
const MAX_DOCUMENTS = 10;

export type DraftAction =
  | { readonly type: 'text'; readonly name: 'dossierTitle' | 'fiscalCode'; readonly value: string }
  | { readonly type: 'add'; readonly files: readonly File[]; readonly clause: string }
  | { readonly type: 'remove' | 'select'; readonly id: string }
  | {
      readonly type: 'document';
      readonly id: string;
      readonly changes: Partial<Omit<DraftDocument, 'id' | 'file'>>;
    }
  | { readonly type: 'clear' };

export function draftReducer(draft: Draft, action: DraftAction): Draft {
  switch (action.type) {
    case 'text':
      return { ...draft, [action.name]: action.value };
    case 'add': {
      const added = action.files.map((file) => newDocument(file, action.clause));
      const documents = [...draft.documents, ...added].slice(0, MAX_DOCUMENTS);
      return { ...draft, documents, selected: added[0]?.id ?? draft.selected };
    }
    case 'remove': {
      const documents = draft.documents.filter(({ id }) => id !== action.id);
      return { ...draft, documents, selected: documents[0]?.id };
    }
    case 'select':
      return { ...draft, selected: action.id };
    case 'document':
      return {
        ...draft,
        documents: draft.documents.map((item) =>
          item.id === action.id ? { ...item, ...action.changes } : item,
        ),
      };
    case 'clear':
      return { ...draft, documents: [], selected: undefined };
  }
}

function newDocument(file: File, clause: string): DraftDocument {
  const name = file.name.replace(/\.pdf$/i, '').replaceAll(/[_-]+/g, ' ');
  const title = (name.charAt(0).toUpperCase() + name.slice(1)).slice(0, 60).padEnd(3, ' –');
  return { id: randomId(), file, title, fields: [newField(clause)] };
}

export const newField = (clause: string, box: FieldBox = FIRST_BOX): DraftField => ({
  id: randomId(),
  clause,
  type: 'REQUIRED',
  box,
});

/** The position of a field, as the gateway expects it. */
function positionOf({ anchor, box }: DraftField) {
  return anchor === undefined ? { box } : { anchor: { text: anchor, align: 'BELOW' as const } };
}

const fieldInput = (field: DraftField) => ({
  clause: { title: field.clause, type: field.type },
  position: positionOf(field),
});

/** The fields as text, to compare them. */
export const fieldsText = ({ fields }: DraftDocument): string => JSON.stringify(fields.map(fieldInput));

/** What `inspectDocument` found in the document as it is now; undefined while that is unknown. */
export const inspectionOf = (document: DraftDocument): InspectionResult | undefined =>
  document.inspected?.fields === fieldsText(document) ? document.inspected.result : undefined;

export const requestInput = (draft: Draft, idempotencyKey: string): RequestSignatureInput => ({
  dossier: { create: { title: draft.dossierTitle } },
  signer: { fiscalCode: draft.fiscalCode.trim().toUpperCase() },
  documents: draft.documents.map(({ title, fields, file }) => ({
    title,
    fields: fields.map(fieldInput),
    file,
  })),
  idempotencyKey,
});
