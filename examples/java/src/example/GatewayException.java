package example;

import java.util.Set;

/** The gateway could not be reached, or refused the request. */
public final class GatewayException extends Exception {
    private static final Set<String> TRANSIENT = Set.of(
            "OVERLOADED",
            "RATE_LIMITED",
            "SHUTTING_DOWN",
            "TOO_MANY_REQUESTS",
            "UPSTREAM_TIMEOUT",
            "UPSTREAM_UNAVAILABLE");

    private final String code;

    /** @param code the code of docs/reference/errors.md, or null if the gateway sent no answer */
    public GatewayException(String message, String code) {
        super(message);
        this.code = code;
    }

    /** Whether reading again later may succeed. */
    public boolean isTransient() {
        return code == null || TRANSIENT.contains(code);
    }
}
