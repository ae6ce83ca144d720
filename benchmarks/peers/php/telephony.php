<?php
// MakeCall by SoapServer; nginx passes WSDL and UPSTREAM.
class Telephony
{
    public function MakeCall($in)
    {
        $upstream = $_SERVER['UPSTREAM'];
        if (!$upstream) {
            return $this->result(['result' => 'SUCCESS', 'description' => 'Звоним', 'code' => 0, 'callid' => '1.1']);
        }
        $query = http_build_query(['key' => $in->Key, 'outboundNumber' => $in->Number]);
        $curl = curl_init("$upstream/api/call/CallToSubscriber?$query");
        curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_TIMEOUT => 5]);
        $said = json_decode(curl_exec($curl), true);
        curl_close($curl);
        return $this->result($said);
    }

    private function result(array $said): array
    {
        return ['return' => [
            'Result' => $said['result'],
            'Message' => $said['description'],
            'Code' => (int) $said['code'],
            'CallId' => $said['callid'],
        ]];
    }
}

$server = new SoapServer($_SERVER['WSDL']);
$server->setClass('Telephony');
$server->handle();
