// Node-RED's "Configuration" and "Writing functions: loading additional modules" (nodered.org/docs)
module.exports = {
  uiPort: process.env.PORT,
  uiHost: '127.0.0.1',
  userDir: process.env.FOLDER,
  flowFile: process.env.FLOW,
  httpAdminRoot: false,
  disableEditor: true,
  logging: { console: { level: 'error' } },
  functionGlobalContext: { Database: process.env.DATABASE && require('better-sqlite3') },
}
