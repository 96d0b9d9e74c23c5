package example;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A client of Sigillo: GraphQL over HTTP, and files as GraphQL multipart requests. */
public final class Gateway {
    /** An operation takes at most 90 seconds after its files; the rest is for the transfer. */
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ObjectMapper mapper = new ObjectMapper();
    private final URI url;
    private final String key;

    /** @param key the API key, or null if the gateway requires none */
    public Gateway(URI url, String key) {
        this.url = url;
        this.key = key;
    }

    private record Operation(String query, Object variables) {}

    /** Returns the data of the result. */
    public JsonNode execute(String query, Object variables) throws GatewayException, InterruptedException {
        return post(BodyPublishers.ofString(json(new Operation(query, variables))), "application/json");
    }

    /**
     * Returns the data of the result.
     *
     * @param files each by the path of its variable, which is null, such as "variables.input.file"
     */
    public JsonNode execute(String query, Object variables, Map<String, Path> files)
            throws GatewayException, InterruptedException, IOException {
        var boundary = UUID.randomUUID().toString();
        var map = new LinkedHashMap<String, List<String>>();
        files.keySet().forEach(variable -> map.put(String.valueOf(map.size()), List.of(variable)));
        // The order is part of the specification: operations, map, files.
        var parts = new ArrayList<BodyPublisher>();
        parts.add(part(boundary, "name=\"operations\"", json(new Operation(query, variables))));
        parts.add(part(boundary, "name=\"map\"", json(map)));
        var index = 0;
        for (var file : files.values()) {
            var name = file.getFileName().toString().replace("\"", "%22");
            var disposition = "name=\"%d\"; filename=\"%s\"\r\nContent-Type: application/pdf".formatted(index++, name);
            parts.add(part(boundary, disposition, ""));
            parts.add(BodyPublishers.ofFile(file));
        }
        parts.add(BodyPublishers.ofString("\r\n--" + boundary + "--\r\n"));
        var body = BodyPublishers.concat(parts.toArray(BodyPublisher[]::new));
        return post(body, "multipart/form-data; boundary=" + boundary);
    }

    private static BodyPublisher part(String boundary, String disposition, String content) {
        return BodyPublishers.ofString(
                "\r\n--%s\r\nContent-Disposition: form-data; %s\r\n\r\n%s".formatted(boundary, disposition, content));
    }

    /** Stores the file of a pre-signed URL. The URL is a credential: it must not appear in a log or in a message. */
    public void download(URI link, Path target) throws GatewayException, InterruptedException, IOException {
        // An incomplete file never has the name of the document.
        var part = Path.of(target + ".part");
        var response = send(HttpRequest.newBuilder(link).build(), BodyHandlers.ofFile(part), "The download failed");
        if (response.statusCode() != 200) {
            throw new GatewayException(
                    "The storage answered %d: the link has expired, or the file is gone".formatted(response.statusCode()),
                    null);
        }
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }

    private JsonNode post(BodyPublisher body, String contentType) throws GatewayException, InterruptedException {
        var request = HttpRequest.newBuilder(url).POST(body).header("Content-Type", contentType);
        if (key != null) {
            request.header("x-api-key", key);
        }
        var problem = "Cannot reach the gateway at " + url;
        return dataOf(send(request.build(), BodyHandlers.ofString(), problem));
    }

    private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler, String problem)
            throws GatewayException, InterruptedException {
        // The timeout of HttpRequest does not include the body of the response.
        var response = http.sendAsync(request, handler);
        try {
            return response.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            var cause = error.getCause();
            // A ConnectException has no message.
            var reason = cause instanceof ConnectException ? "no connection" : cause.getMessage();
            throw new GatewayException(problem + ": " + reason, null);
        } catch (TimeoutException error) {
            throw new GatewayException(problem + ": no answer within " + TIMEOUT.toSeconds() + " seconds", null);
        } finally {
            response.cancel(true);
        }
    }

    private JsonNode dataOf(HttpResponse<String> response) throws GatewayException {
        JsonNode result;
        try {
            result = mapper.readTree(response.body());
        } catch (JsonProcessingException error) {
            result = mapper.missingNode();
        }
        if (result.has("errors")) {
            var error = result.at("/errors/0");
            var code = error.at("/extensions/code").asText(null);
            var requestId = error.at("/extensions/requestId").asText("unknown");
            throw new GatewayException(
                    "%s: %s (request id %s)".formatted(code, error.path("message").asText(), requestId), code);
        }
        if (!result.has("data")) {
            throw new GatewayException(
                    "HTTP %d, and not an answer of GraphQL: is %s the gateway?".formatted(response.statusCode(), url),
                    null);
        }
        return result.get("data");
    }

    private String json(Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
