package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** The sandbox at SANDBOX_ORIGIN, such as a container, or one from this checkout on a free port. */
final class Sandbox implements AutoCloseable {
    private static final File CHECKOUT = new File("../..");

    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final ObjectMapper mapper = new ObjectMapper();
    private final Process process;
    private final String origin;

    private Sandbox(String origin, Process process) {
        this.origin = origin;
        this.process = process;
    }

    static Sandbox start() throws IOException {
        var origin = System.getenv("SANDBOX_ORIGIN");
        if (origin != null) {
            return new Sandbox(origin, null);
        }
        var process = new ProcessBuilder("npm", "run", "--silent", "sandbox", "--", "--port", "0", "--json")
                .directory(CHECKOUT)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        // The line with the addresses appears once the sandbox listens.
        var line = process.inputReader().readLine();
        if (line == null) {
            throw new IOException("The sandbox did not start: its error is above. Has `npm ci` been run?");
        }
        return new Sandbox(new ObjectMapper().readTree(line).get("origin").asText(), process);
    }

    @Override
    public void close() {
        if (process != null) {
            process.destroy();
        }
    }

    String url() {
        return origin + "/api/v1/sign";
    }

    JsonNode get(String path) throws IOException, InterruptedException {
        return call("GET", path, "");
    }

    JsonNode post(String path, String body) throws IOException, InterruptedException {
        return call("POST", path, body);
    }

    JsonNode delete(String path) throws IOException, InterruptedException {
        return call("DELETE", path, "");
    }

    /** Calls the control API: docs/guide/sandbox.md lists its calls. */
    private JsonNode call(String method, String path, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(origin + "/_sandbox" + path))
                .timeout(Duration.ofSeconds(30))
                .method(method, BodyPublishers.ofString(body))
                .build();
        var response = http.send(request, BodyHandlers.ofString());
        if (response.statusCode() >= 300) {
            throw new IOException("%s %s: %s".formatted(method, path, response.body()));
        }
        return mapper.readTree(response.body());
    }
}
