<?php

// Reads dotenv files as Laravel does, one base64 line on stdin each, and answers a JSON line with its variables or the error.

declare(strict_types=1);

require '/usr/share/php/Dotenv/autoload.php';

use Dotenv\Dotenv;
use Dotenv\Loader\Loader;
use Dotenv\Parser\Parser;
use Dotenv\Repository\Adapter\PutenvAdapter;
use Dotenv\Repository\RepositoryBuilder;
use Dotenv\Store\FileStore;
use Dotenv\Util\Str;

$names = static function (string $text): array {
    $entries = (new Parser())->parse(Str::utf8($text)->success()->get());

    return array_values(array_unique(array_map(static fn ($entry) => $entry->getName(), $entries)));
};

while (($line = fgets(STDIN)) !== false) {
    $_SERVER = $_ENV = [];
    $keys = [];
    // As in Illuminate\Support\Env.
    $repository = RepositoryBuilder::createWithDefaultAdapters()->addAdapter(PutenvAdapter::class)->immutable()->make();
    try {
        $keys = $names(base64_decode(trim($line)));
        $store = new FileStore(['data://text/plain;base64,' . trim($line)], true);
        (new Dotenv($store, new Parser(), new Loader(), $repository))->load();
        $found = array_map(static fn (string $key) => [$key, $repository->get($key)], $keys);
        $answer = ['variables' => array_values(array_filter($found, static fn (array $pair) => $pair[1] !== null))];
    } catch (\Throwable $error) {
        $answer = ['error' => $error->getMessage()];
    }
    array_map(static fn (string $key) => putenv($key), $keys);
    echo json_encode($answer, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), "\n";
}
