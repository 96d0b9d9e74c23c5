package example;

import java.util.List;

/** The input of requestSignature: the fields that this application sets. */
record RequestSignatureInput(DossierInput dossier, Signer signer, List<Document> documents, String idempotencyKey) {
    record DossierInput(CreateDossier create) {}

    record CreateDossier(String title) {}

    record Signer(String fiscalCode) {}

    /** @param file null: the file is a part of the multipart request */
    record Document(String title, List<Field> fields, Void file) {}

    record Field(Clause clause, Position position) {}

    record Clause(String title, String type) {}

    record Position(Anchor anchor) {}

    record Anchor(String text, String align) {}

    /** One document with one signature, which is placed below the text "Firma" of the PDF. */
    static RequestSignatureInput of(String title, String fiscalCode, String idempotencyKey) {
        var field = new Field(
                new Clause("Firma del contratto", "REQUIRED"), new Position(new Anchor("Firma", "BELOW")));
        return new RequestSignatureInput(
                new DossierInput(new CreateDossier(title)),
                new Signer(fiscalCode),
                List.of(new Document(title, List.of(field), null)),
                idempotencyKey);
    }
}
