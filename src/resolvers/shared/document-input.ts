import type { components } from '../../upstream/openapi.d.ts';

export interface BoxInput {
  page: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface SignatureFieldInput {
  clause: { title: string; type: 'REQUIRED' | 'UNFAIR' | 'OPTIONAL' };
  position: { uniqueName?: string | null | undefined; box?: BoxInput | null | undefined };
}

export interface DocumentInput {
  title: string;
  fields?: readonly SignatureFieldInput[] | null | undefined;
}

type WireField = components['schemas']['SignatureField'];
type WireDocument = components['schemas']['DocumentMetadata'];

/** Input of the schema to what the service takes. */
export function wireFieldOf({ clause, position: { uniqueName, box } }: SignatureFieldInput): WireField {
  if (uniqueName != null) return { clause, attrs: { unique_name: uniqueName } };
  if (box == null) throw new TypeError('a position is a name or a box');
  const { page, x, y, width: w, height: h } = box;
  return { clause, attrs: { page, coordinates: { x, y }, size: { w, h } } };
}

function wireDocumentOf({ title, fields }: DocumentInput): WireDocument {
  return { title, signature_fields: (fields ?? []).map(wireFieldOf) };
}

/** The contract's lists hold at least one item, and the compiler wants to see it. */
export function wireDocumentsOf(documents: readonly DocumentInput[]): [WireDocument, ...WireDocument[]] {
  const [first, ...rest] = documents.map(wireDocumentOf);
  if (first === undefined) throw new TypeError('at least one document');
  return [first, ...rest];
}
