package example;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonSubTypes.Type;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.net.URI;
import java.util.List;

/** The result of requestSignature: a payload or a failure, by its __typename. */
@JsonTypeInfo(
        use = JsonTypeInfo.Id.NAME,
        property = "__typename",
        defaultImpl = RequestSignatureResult.OtherError.class)
@JsonSubTypes({
    @Type(value = RequestSignatureResult.Payload.class, name = "RequestSignaturePayload"),
    @Type(value = RequestSignatureResult.InvalidInput.class, name = "InvalidInputError"),
    @Type(value = RequestSignatureResult.AnchorNotFound.class, name = "AnchorNotFoundError"),
    @Type(value = RequestSignatureResult.Incomplete.class, name = "RequestSignatureIncompleteError"),
})
@JsonIgnoreProperties(ignoreUnknown = true)
public sealed interface RequestSignatureResult {
    record Payload(SignatureRequest signatureRequest) implements RequestSignatureResult {}

    record SignatureRequest(String id, QrCode qrCode) {}

    record QrCode(URI link) {}

    /** An error that the caller can act on. */
    sealed interface Failure extends RequestSignatureResult {
        String description();
    }

    record InvalidInput(List<FieldError> fieldErrors) implements Failure {
        @Override
        public String description() {
            return fieldErrors.stream()
                    .map(error -> "\n  " + String.join(".", error.path()) + ": " + error.message())
                    .collect(joining("", "The input is not valid:", ""));
        }
    }

    record FieldError(List<String> path, String message) {}

    record AnchorNotFound(List<MissingAnchor> anchors) implements Failure {
        @Override
        public String description() {
            return anchors.stream()
                    .map(anchor -> "\n  \"%s\", similar: %s".formatted(anchor.text(), anchor.similar()))
                    .collect(joining("", "The PDF does not contain:", ""));
        }
    }

    /** @param nearest null if no text of the PDF is similar */
    record MissingAnchor(String text, String nearest) {
        String similar() {
            return nearest == null ? "none" : nearest;
        }
    }

    record Incomplete(String step, Cause cause) implements Failure {
        @Override
        public String description() {
            var reasons = cause.reasons() == null ? List.<String>of() : cause.reasons();
            return reasons.stream()
                    .map(reason -> "\n  " + reason)
                    .collect(joining("", "The step %s failed: %s".formatted(step, cause.message()), ""));
        }
    }

    /** @param reasons why the service rejected the document; null for other causes */
    record Cause(String message, List<String> reasons) {}

    /** Every other error, such as one that a later version of the schema has. */
    record OtherError(String message) implements Failure {
        @Override
        public String description() {
            return message;
        }
    }
}
