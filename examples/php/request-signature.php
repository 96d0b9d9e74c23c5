<?php

/*
 * Asks a citizen to sign a PDF, waits for the signature, and stores the signed document:
 *
 *   php request-signature.php contratto.pdf SPNDNL80R13C555X 'Contratto di collaborazione'
 *
 * SIGILLO_URL is the address of the gateway, SIGILLO_KEY the API key if the gateway requires one.
 */

declare(strict_types=1);

use Sigillo\Example\CurlTransport;
use Sigillo\Example\Gateway;
use Sigillo\Example\GatewayException;
use Sigillo\Example\GuzzleTransport;
use Sigillo\Example\NotRequestedException;
use Sigillo\Example\SignatureRequests;

require __DIR__ . '/autoload.php';

$arguments = array_slice($argv, 1);
$transport = new CurlTransport();
if (($arguments[0] ?? null) === '--guzzle') {
    array_shift($arguments);
    // Debian's package php-guzzlehttp-guzzle. With Composer: vendor/autoload.php.
    require 'GuzzleHttp/autoload.php';
    $transport = new GuzzleTransport();
}
if (count($arguments) !== 3) {
    fwrite(STDERR, "Usage: php {$argv[0]} [--guzzle] <pdf> <fiscal code> <title>\n");
    exit(2);
}
[$pdf, $fiscalCode, $title] = $arguments;
if (!is_readable($pdf)) {
    fwrite(STDERR, "Cannot read $pdf\n");
    exit(1);
}

$url = getenv('SIGILLO_URL') ?: 'http://localhost:4000/graphql';
$gateway = new Gateway($url, getenv('SIGILLO_KEY') ?: null, $transport);
$requests = new SignatureRequests($gateway);
try {
    // An application stores the key with its own record before the call, to retry the call with it after a crash.
    $request = $requests->request($pdf, $fiscalCode, $title, bin2hex(random_bytes(16)));
    echo "Requested: {$request['id']}\n";
    echo "The citizen opens {$request['qrCode']['link']}\n";

    $link = $requests->waitForDocument($request['id'], timeoutSeconds: 300);
    $gateway->download($link, 'signed.pdf');
    echo 'Signed: signed.pdf, ' . filesize('signed.pdf') . " bytes\n";
} catch (GatewayException | NotRequestedException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
