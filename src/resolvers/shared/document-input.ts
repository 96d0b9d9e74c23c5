import type { components } from '../../upstream/openapi.d.ts';
import type { Align } from '../../inspection/place-field.ts';

export interface BoxInput {
  page: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A position by a text of the PDF. */
export interface AnchorInput {
  text: string;
  occurrence: number;
  page?: number | null | undefined;
  offsetX: number;
  offsetY: number;
  width: number;
  height: number;
  align: Align;
}

export interface SignatureFieldInput {
  clause: { title: string; type: 'REQUIRED' | 'UNFAIR' | 'OPTIONAL' };
  /** Exactly one of the three. */
  position: {
    uniqueName?: string | null | undefined;
    box?: BoxInput | null | undefined;
    anchor?: AnchorInput | null | undefined;
  };
}

export interface DocumentInput {
  title: string;
  fields?: readonly SignatureFieldInput[] | null | undefined;
}

type WireField = components['schemas']['SignatureField'];
type WireDocument = components['schemas']['DocumentMetadata'];

/** Converts a signature field from the schema to the contract of the service. Anchors are resolved before. */
export function wireFieldOf({ clause, position: { uniqueName, box } }: SignatureFieldInput): WireField {
  if (uniqueName != null) return { clause, attrs: { unique_name: uniqueName } };
  if (box == null) throw new TypeError('the position has neither a name nor a box');
  const { page, x, y, width: w, height: h } = box;
  return { clause, attrs: { page, coordinates: { x, y }, size: { w, h } } };
}

function wireDocumentOf({ title, fields }: DocumentInput): WireDocument {
  return { title, signature_fields: (fields ?? []).map(wireFieldOf) };
}

/** Converts documents. The contract requires at least one, and so does its type. */
export function wireDocumentsOf(documents: readonly DocumentInput[]): [WireDocument, ...WireDocument[]] {
  const [first, ...rest] = documents.map(wireDocumentOf);
  if (first === undefined) throw new TypeError('there must be at least one document');
  return [first, ...rest];
}
