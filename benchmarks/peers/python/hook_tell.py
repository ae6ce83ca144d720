# the quickstarts of Flask and of zeep (docs.python-zeep.org): the hook calls 1C, then answers; under waitress
import os

from flask import Flask, request
from waitress import serve
from zeep import Client

app = Flask(__name__)
client = Client(os.environ["WSDL"])
onec = client.create_service("{http://VATSCalls}VATScallsSoapBinding", os.environ["ONEC"])


@app.route("/hook", methods=["POST"])
def hook():
    onec.Event(Data=request.get_data(as_text=True))
    return "ok"


serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), threads=int(os.environ["THREADS"]))
