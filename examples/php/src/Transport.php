<?php

declare(strict_types=1);

namespace Sigillo\Example;

/** The HTTP requests of this example. Each method throws a GatewayException if there is no response. */
interface Transport
{
    /** @param list<string> $headers lines such as "x-api-key: …" */
    public function postJson(string $url, string $json, array $headers): Response;

    /**
     * The fields precede the files.
     *
     * @param array<string, string> $fields
     * @param list<string> $files paths of PDFs; the names of their parts are 0, 1, …
     * @param list<string> $headers
     */
    public function postMultipart(string $url, array $fields, array $files, array $headers): Response;

    /** Stores the response in a file and returns its status. */
    public function download(string $url, string $target): int;
}
