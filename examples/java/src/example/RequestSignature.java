package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import example.RequestSignatureResult.Failure;
import example.RequestSignatureResult.Payload;
import example.RequestSignatureResult.SignatureRequest;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * Asks a citizen to sign a PDF, waits for the signature, and stores the signed document. SIGILLO_URL is the address of the
 * gateway, SIGILLO_KEY the API key if the gateway requires one.
 */
public final class RequestSignature {
    private static final String REQUEST_SIGNATURE =
            """
            mutation ($input: RequestSignatureInput!) {
              requestSignature(input: $input) {
                __typename
                ... on RequestSignaturePayload { signatureRequest { id qrCode { link } } }
                ... on InvalidInputError { fieldErrors { path message } }
                ... on AnchorNotFoundError { anchors { text nearest } }
                ... on RequestSignatureIncompleteError { step cause { message ... on DocumentRejectedError { reasons } } }
                ... on Error { message }
              }
            }
            """;

    private static final String SIGNATURE_REQUEST =
            """
            query ($id: ID!) {
              signatureRequest(id: $id) { status rejectReason documents { title downloadUrl } }
            }
            """;

    private static final Duration PAUSE = Duration.ofSeconds(3);

    private final ObjectMapper mapper = new ObjectMapper();
    private final Gateway gateway;

    RequestSignature(Gateway gateway) {
        this.gateway = gateway;
    }

    /** The signature was not requested, or not given, for a reason that the user can act on. */
    static final class NotSignedException extends Exception {
        NotSignedException(String message) {
            super(message);
        }
    }

    /** @param key an idempotency key: a retry with the same key and the same input continues, also after a crash */
    SignatureRequest request(Path pdf, String fiscalCode, String title, String key)
            throws GatewayException, NotSignedException, InterruptedException, IOException {
        var variables = Map.of("input", RequestSignatureInput.of(title, fiscalCode, key));
        var files = Map.of("variables.input.documents.0.file", pdf);
        var data = gateway.execute(REQUEST_SIGNATURE, variables, files);
        var result = mapper.treeToValue(data.get("requestSignature"), RequestSignatureResult.class);
        if (result instanceof Payload payload) {
            return payload.signatureRequest();
        }
        throw new NotSignedException(((Failure) result).description());
    }

    /** Reads the signature request every few seconds until the citizen has signed. Returns the link to the document. */
    URI waitForDocument(String id, Duration timeout)
            throws GatewayException, NotSignedException, InterruptedException {
        var deadline = Instant.now().plus(timeout);
        while (Instant.now().isBefore(deadline)) {
            var request = read(id);
            switch (request.path("status").asText()) {
                case "SIGNED" -> {
                    var link = request.at("/documents/0/downloadUrl").asText(null);
                    if (link == null) {
                        throw new NotSignedException("The service has no link to the document now: read it later");
                    }
                    return URI.create(link);
                }
                case "REJECTED" -> throw new NotSignedException(
                        "Not signed: " + request.path("rejectReason").asText());
                case "CANCELLED" -> throw new NotSignedException("Not signed: the request was cancelled");
                default -> Thread.sleep(PAUSE.toMillis());
            }
        }
        throw new NotSignedException(
                "The signature request %s was not signed within %d seconds".formatted(id, timeout.toSeconds()));
    }

    /** The signature request. A missing node if reading failed for a moment. */
    private JsonNode read(String id) throws GatewayException, InterruptedException {
        try {
            return gateway.execute(SIGNATURE_REQUEST, Map.of("id", id)).path("signatureRequest");
        } catch (GatewayException error) {
            if (error.isTransient()) {
                return mapper.missingNode();
            }
            throw error;
        }
    }

    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length != 3) {
            System.err.println("Usage: RequestSignature <pdf> <fiscal code> <title>");
            System.exit(2);
        }
        var url = System.getenv().getOrDefault("SIGILLO_URL", "http://localhost:4000/graphql");
        try {
            var gateway = new Gateway(new URI(url), System.getenv("SIGILLO_KEY"));
            var application = new RequestSignature(gateway);
            // An application stores the key with its own record before the call, to retry the call after a crash.
            var key = UUID.randomUUID().toString();
            var request = application.request(Path.of(arguments[0]), arguments[1], arguments[2], key);
            System.out.println("Requested: " + request.id());
            System.out.println("The citizen opens " + request.qrCode().link());

            var link = application.waitForDocument(request.id(), Duration.ofMinutes(5));
            var target = Path.of("signed.pdf");
            gateway.download(link, target);
            System.out.printf("Signed: %s, %d bytes%n", target, Files.size(target));
        } catch (URISyntaxException error) {
            System.err.println("SIGILLO_URL is not a URL: " + error.getMessage());
            System.exit(1);
        } catch (GatewayException | NotSignedException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        } catch (IOException error) {
            System.err.println("Cannot read or write the file " + error.getMessage());
            System.exit(1);
        }
    }
}
