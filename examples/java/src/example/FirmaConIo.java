package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A client of the REST API of Firma con IO: in place of your own. It needs only the base URL of the sandbox. */
public final class FirmaConIo {
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ObjectMapper mapper = new ObjectMapper();
    private final String baseUrl;
    private final String key;

    public FirmaConIo(String baseUrl, String key) {
        this.baseUrl = baseUrl;
        this.key = key;
    }

    /** The signer id of a citizen; empty if the citizen does not use the IO app. */
    public Optional<String> findSigner(String fiscalCode) throws IOException, InterruptedException {
        var body = mapper.writeValueAsString(Map.of("fiscal_code", fiscalCode));
        var response = send(request("/signers").POST(BodyPublishers.ofString(body)).build());
        return switch (response.statusCode()) {
            case 200 -> Optional.of(mapper.readTree(response.body()).get("id").asText());
            case 404 -> Optional.empty();
            default -> throw new IOException("The signer was not found: HTTP " + response.statusCode());
        };
    }

    public JsonNode signatureRequest(String id) throws IOException, InterruptedException {
        var response = send(request("/signature-requests/" + id).build());
        if (response.statusCode() != 200) {
            throw new IOException("The signature request was not read: HTTP " + response.statusCode());
        }
        return mapper.readTree(response.body());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(baseUrl + path))
                .timeout(Duration.ofSeconds(30))
                .header("Ocp-Apim-Subscription-Key", key)
                .header("Content-Type", "application/json");
    }

    /** Retries a call once that exceeds the rate limit, after the time that the service names. */
    private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
        var response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() != 429) {
            return response;
        }
        var seconds = response.headers().firstValueAsLong("x-rate-limit-retry-after").orElse(1);
        Thread.sleep(Duration.ofSeconds(seconds).toMillis());
        return http.send(request, BodyHandlers.ofString());
    }
}
