// express's "Hello world" (expressjs.com) and the client of node-soap's README; answers once 1C has
const express = require('express')
const soap = require('soap')

soap.createClientAsync(process.env.WSDL, { endpoint: process.env.ONEC }).then((onec) => {
  const app = express()
  app.use(express.text({ type: '*/*' }))
  app.post('/hook', (req, res) => {
    onec.EventAsync({ Data: req.body })
      .then(() => res.send('ok'))
      .catch((error) => res.status(502).send(error.message))
  })
  app.listen(process.env.PORT, '127.0.0.1')
})
