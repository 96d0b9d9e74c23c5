import type { GatewayContext } from '../context.ts';
import type { Contents } from '../../inspection/inspection.ts';
import type { BlockPool } from '../../uploads/block-pool.ts';
import type { FileUpload } from '../../uploads/file-upload.ts';
import type { HeldFiles } from '../../uploads/held-files.ts';
import { anchorsOf, queryOf } from '../shared/anchors.ts';
import type { DocumentInput } from '../shared/document-input.ts';
import { contentsOf, filesInMemory, holdFile } from '../shared/inspect-file.ts';
import { resolveFields } from '../shared/resolve-fields.ts';

interface DocumentWithFile extends DocumentInput {
  file: FileUpload;
}

/**
 * The files of documents whose fields have anchors. They are held in memory from the first one to the last one with anchors,
 * because they arrive in order and the boxes of all fields must be known before anything is created. Later files, and all files
 * without anchors, are streamed. Dispose of it when the files are stored.
 */
export class AnchoredFiles<Document extends DocumentWithFile> implements Disposable {
  readonly #context: GatewayContext;
  readonly #files: HeldFiles;
  #documents: readonly Document[];
  readonly #contents = new Map<number, Contents>();
  #held = 0;

  constructor(context: GatewayContext, documents: readonly Document[]) {
    this.#context = context;
    this.#documents = documents;
    // One block, with which the files are stored.
    this.#files = filesInMemory(context, { extraBlocks: 1 });
  }

  get hasAnchors(): boolean {
    return this.#documents.some(({ fields }) => anchorsOf(fields).length > 0);
  }

  /** The documents; a file that is held can be read more than once. */
  get documents(): readonly Document[] {
    return this.#documents;
  }

  /** The blocks with which to store the files. */
  get extra(): BlockPool {
    return this.#files.extra;
  }

  /** Reads the files and looks for the texts of the anchors, once. @throws {UnreadablePdfError} and the errors of files. */
  async inspect(): Promise<void> {
    const last = this.#documents.findLastIndex(({ fields }) => anchorsOf(fields).length > 0);
    for (; this.#held <= last; this.#held += 1) {
      const document = this.#documents[this.#held];
      if (document === undefined) return;
      const file = await holdFile(this.#context, this.#files, document.file);
      this.#documents = this.#documents.with(this.#held, { ...document, file: file.upload });
      const anchors = anchorsOf(document.fields);
      if (anchors.length > 0)
        this.#contents.set(this.#held, await contentsOf(this.#context, file, anchors.map(queryOf)));
    }
  }

  /**
   * The documents with boxes in place of anchors.
   * @throws {AnchorNotFoundError} @throws {InvalidInputError}
   */
  resolve(): Document[] {
    const searched = [...this.#contents].map(([index, contents]) => ({
      index,
      contents,
      fields: this.#documents[index]?.fields ?? [],
      path: ['documents', String(index), 'fields'],
    }));
    const resolved = new Map(
      resolveFields(searched).map((fields, nth) => [searched[nth]?.index, fields] as const),
    );
    return this.#documents.map((document, index) => ({
      ...document,
      fields: resolved.get(index) ?? document.fields,
    }));
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]();
  }
}
