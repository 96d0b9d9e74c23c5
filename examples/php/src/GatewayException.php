<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** The gateway could not be reached, or refused the request. */
final class GatewayException extends \RuntimeException
{
    /** Codes of errors that pass by themselves. */
    private const TRANSIENT = [
        'OVERLOADED', 'RATE_LIMITED', 'SHUTTING_DOWN', 'TOO_MANY_REQUESTS', 'UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE',
    ];

    /** @param ?string $errorCode the code of docs/reference/errors.md, or null if the gateway sent no answer */
    public function __construct(
        string $message,
        public readonly ?string $errorCode = null,
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, 0, $previous);
    }

    /** Whether reading again later may succeed. */
    public function isTransient(): bool
    {
        return $this->errorCode === null || in_array($this->errorCode, self::TRANSIENT, true);
    }
}
