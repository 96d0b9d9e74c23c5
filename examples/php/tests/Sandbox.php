<?php

declare(strict_types=1);

namespace Sigillo\Example\Tests;

/** The sandbox at SANDBOX_ORIGIN, such as a container, or one from this checkout on a free port. */
final class Sandbox
{
    public readonly string $url;

    private readonly string $control;

    /** @param ?resource $process */
    private function __construct(string $origin, private $process = null)
    {
        $this->url = "$origin/api/v1/sign";
        $this->control = "$origin/_sandbox";
    }

    public static function start(): self
    {
        $origin = getenv('SANDBOX_ORIGIN');
        if ($origin !== false) {
            return new self($origin);
        }
        $command = ['npm', 'run', '--silent', 'sandbox', '--', '--port', '0', '--json'];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes, dirname(__DIR__, 3));
        // The line with the addresses appears once the sandbox listens.
        $line = is_resource($process) ? fgets($pipes[1]) : false;
        if ($line === false) {
            throw new \RuntimeException('The sandbox did not start: its error is above. Has `npm ci` been run?');
        }

        return new self(json_decode($line, true, 8, JSON_THROW_ON_ERROR)['origin'], $process);
    }

    public function stop(): void
    {
        if ($this->process !== null) {
            proc_terminate($this->process);
            proc_close($this->process);
        }
    }

    /**
     * Calls the control API: docs/guide/sandbox.md lists its calls.
     *
     * @param array<string, mixed> $body
     *
     * @return array<string, mixed>
     */
    public function call(string $method, string $path, array $body = []): array
    {
        $handle = curl_init($this->control . $path);
        curl_setopt_array($handle, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_CONNECTTIMEOUT => 5,
            CURLOPT_TIMEOUT => 30,
            CURLOPT_RETURNTRANSFER => true,
        ]);
        if ($body !== []) {
            curl_setopt($handle, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
        }
        $answer = curl_exec($handle);
        if ($answer === false || curl_getinfo($handle, CURLINFO_RESPONSE_CODE) >= 300) {
            throw new \RuntimeException("$method $path: " . ($answer ?: curl_error($handle)));
        }

        return (array) json_decode($answer, true);
    }
}
