package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FirmaConIoTest {
    private static Sandbox sandbox;

    private FirmaConIo firma;

    @BeforeAll
    static void startSandbox() throws Exception {
        sandbox = Sandbox.start();
    }

    @AfterAll
    static void stopSandbox() {
        sandbox.close();
    }

    @BeforeEach
    void reset() throws Exception {
        sandbox.post("/reset", "");
        firma = new FirmaConIo(sandbox.url(), "any");
    }

    /** Fails a test whose calls violated the contract of the service. */
    @AfterEach
    void expectNoViolations() throws Exception {
        assertEquals("{\"violations\":[]}", sandbox.delete("/violations").toString());
    }

    @Test
    void findsACitizenWhoUsesTheIoApp() throws Exception {
        assertTrue(firma.findSigner("SPNDNL80R13C555X").isPresent());
    }

    @Test
    void reportsACitizenWhoDoesNotUseTheIoApp() throws Exception {
        // A magic value of the sandbox.
        assertEquals(Optional.empty(), firma.findSigner("SNZAPP80A01H501C"));
    }

    @Test
    void retriesACallThatExceedsTheRateLimit() throws Exception {
        sandbox.post("/faults", """
                {"kind": "rate-limit", "operation": "getSignerByFiscalCode", "retryAfterSeconds": 1, "count": 1}
                """);
        assertTrue(firma.findSigner("SPNDNL80R13C555X").isPresent());
        var journal = sandbox.get("/journal?operationId=getSignerByFiscalCode");
        assertEquals(List.of("429", "200"), journal.get("entries").findValuesAsText("status"));
    }

    @Test
    void readsThatACitizenHasSigned() throws Exception {
        var id = seedWaitingRequest();
        sandbox.post("/citizen/sign", """
                {"id": "%s"}
                """.formatted(id));
        assertEquals("WAIT_FOR_SIGNATURE", firma.signatureRequest(id).get("status").asText());
        advanceBeyondTheTrustProvider();
        assertEquals("SIGNED", firma.signatureRequest(id).get("status").asText());
    }

    @Test
    void readsWhyASignatureFailed() throws Exception {
        var id = seedWaitingRequest();
        sandbox.post("/citizen/sign", """
                {"id": "%s", "outcome": {"fails": "Invalid response status from QTSP!"}}
                """.formatted(id));
        advanceBeyondTheTrustProvider();
        var request = firma.signatureRequest(id);
        assertEquals("REJECTED", request.get("status").asText());
        assertEquals("Invalid response status from QTSP!", request.get("reject_reason").asText());
    }

    private static String seedWaitingRequest() throws Exception {
        var seeded = sandbox.post("/seed", """
                {"requests": [{"status": "WAIT_FOR_SIGNATURE"}]}
                """);
        return seeded.at("/requests/0/id").asText();
    }

    /** The trust provider takes a minute. */
    private static void advanceBeyondTheTrustProvider() throws Exception {
        sandbox.post("/clock/advance", """
                {"milliseconds": 120000}
                """);
    }
}
