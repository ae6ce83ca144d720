# Flask's quickstart and its pattern "Using SQLite 3 with Flask" (flask.palletsprojects.com), under waitress
import os
import sqlite3
import time

from flask import Flask, g, request
from waitress import serve

app = Flask(__name__)


def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(os.environ["DATABASE"])
    return g.db


@app.teardown_appcontext
def close_db(error):  # noqa: ARG001 - Flask gives it
    db = g.pop("db", None)
    if db is not None:
        db.close()


@app.route("/hook", methods=["POST"])
def hook():
    event = request.get_json(force=True)
    db = get_db()
    db.execute(
        "INSERT INTO event (uuid, state, at, body) VALUES (?, ?, ?, ?)",
        (event["uuid"], event["state"], time.time(), request.get_data(as_text=True)),
    )
    db.commit()
    return "ok"


with app.app_context():
    get_db().execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, uuid, state, at, body)")
serve(app, host="127.0.0.1", port=int(os.environ["PORT"]))
