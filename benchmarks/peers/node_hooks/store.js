// express's "Hello world" with express.json() (expressjs.com) and better-sqlite3's README; an fsync for each event
const express = require('express')
const Database = require('better-sqlite3')

const db = new Database(process.env.DATABASE)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec('CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, uuid, state, at, body)')
const insert = db.prepare('INSERT INTO event (uuid, state, at, body) VALUES (?, ?, ?, ?)')

const app = express()
app.use(express.json())
app.post('/hook', (req, res) => {
  insert.run(req.body.uuid, req.body.state, Date.now(), JSON.stringify(req.body))
  res.send('ok')
})
app.listen(process.env.PORT, '127.0.0.1')
