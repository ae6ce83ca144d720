<?php // the PHP manual's SQLite3 examples (php.net/sqlite3) and php://input; a connection per request, an fsync per event
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    exit('post a hook');
}
$event = json_decode(file_get_contents('php://input'), true);
$db = new SQLite3($_SERVER['DATABASE']);
$db->busyTimeout(5000);
$db->exec('PRAGMA synchronous = FULL');
$insert = $db->prepare('INSERT INTO event (uuid, state, at, body) VALUES (:uuid, :state, :at, :body)');
$insert->bindValue(':uuid', $event['uuid']);
$insert->bindValue(':state', $event['state']);
$insert->bindValue(':at', microtime(true));
$insert->bindValue(':body', json_encode($event));
if (!$insert->execute()) {
    http_response_code(500);
    exit('not stored');
}
$db->close();
echo 'ok';
