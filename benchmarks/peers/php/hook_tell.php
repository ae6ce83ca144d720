<?php // the PHP manual's SoapClient examples (php.net/soapclient): the hook calls 1C and answers
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    exit('post a hook');
}
try {
    $onec = new SoapClient($_SERVER['WSDL'], [
        'location' => $_SERVER['ONEC'],
        'keep_alive' => true,
        'cache_wsdl' => WSDL_CACHE_BOTH,
    ]);
    $onec->Event(['Data' => file_get_contents('php://input')]);
    echo 'ok';
} catch (SoapFault $fault) {
    http_response_code(502);
    echo $fault->getMessage();
}
