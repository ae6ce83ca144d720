// MakeCall by express and the npm package soap: node telephony.js PORT WSDL [UPSTREAM]
"use strict";
const fs = require("fs");
const express = require("express");
const soap = require("soap");

const [port, wsdl, upstream] = process.argv.slice(2);

async function makeCall({ Key, Number: number }) {
  if (!upstream) {
    return { return: { Result: "SUCCESS", Message: "Звоним", Code: 0, CallId: "1.1" } };
  }
  const query = new URLSearchParams({ key: Key, outboundNumber: number });
  const answer = await fetch(`${upstream}/api/call/CallToSubscriber?${query}`);
  const said = await answer.json();
  return { return: { Result: said.result, Message: said.description, Code: said.code, CallId: said.callid } };
}

const app = express();
app.listen(Number(port), "127.0.0.1", () => {
  const service = { Telephony: { TelephonySoap: { MakeCall: makeCall } } };
  soap.listen(app, "/ws/Telephony", service, fs.readFileSync(wsdl, "utf8"));
});
