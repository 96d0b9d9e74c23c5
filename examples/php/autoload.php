<?php

declare(strict_types=1);

// In place of Composer's, with the same rules (PSR-4).
const FOLDERS = ['Sigillo\\Example\\Tests\\' => 'tests', 'Sigillo\\Example\\' => 'src'];

spl_autoload_register(static function (string $class): void {
    foreach (FOLDERS as $prefix => $folder) {
        $file = __DIR__ . "/$folder/" . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require $file;

            return;
        }
    }
});
