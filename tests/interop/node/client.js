// A foreign client of the bridge: npm package soap over the published WSDL, and nothing of ours.
//
//   node client.js <wsdl> <user> <password> <key> <number>
//
// Prints one line of JSON: what Ping, MakeCall and GetSubscribers answered, what a wrong date and
// a wrong password got, and what the package read in the WSDL. Ends with 0 when it could print.
"use strict";

const soap = require("soap");

const WORDS = {
  Telephony: { ping: "Ping", dial: "MakeCall", key: "Key", number: "Number", people: "GetSubscribers",
    journal: "GetCallJournal", date: "Date" },
  TelephonyRu: { ping: "Проверить", dial: "Позвонить", key: "Ключ", number: "Номер",
    people: "ПолучитьАбонентов", journal: "ПолучитьЖурнал", date: "Дата" },
};

// Not client[`${operation}Async`]: the package makes those only for names of ASCII letters.
function call(client, operation, parameters) {
  return new Promise((resolve, reject) => {
    client[operation](parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

async function answer(client, operation, parameters) {
  try {
    return { result: await call(client, operation, parameters) };
  } catch (error) {
    const fault = error.root && error.root.Envelope && error.root.Envelope.Body.Fault;
    const response = error.response || {};
    return {
      status: response.status,
      challenge: response.headers && response.headers["www-authenticate"],
      fault: fault ? { code: fault.faultcode, text: fault.faultstring } : null,
      body: fault ? undefined : String(response.data || error.message),
    };
  }
}

async function main([wsdl, user, password, key, number]) {
  const client = await soap.createClientAsync(wsdl);
  const described = client.describe();
  const [service] = Object.keys(described);
  const [port] = Object.keys(described[service]);
  const words = WORDS[service];
  const dial = { [words.key]: key, [words.number]: number };

  client.setSecurity(new soap.BasicAuthSecurity(user, password));
  const said = {
    service,
    port,
    operations: Object.keys(described[service][port]),
    ping: await answer(client, words.ping, {}),
    call: await answer(client, words.dial, dial),
    people: await answer(client, words.people, {}),
    wrongDate: await answer(client, words.journal, { [words.key]: key, [words.date]: "вчера" }),
  };
  client.setSecurity(new soap.BasicAuthSecurity(user, "wrong"));
  said.wrongPassword = await answer(client, words.dial, dial);
  process.stdout.write(JSON.stringify(said) + "\n");
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
