/** What `require` gets in the place of keeper-file.ts: none, so that the thread keeps itself. */
module.exports = { keeperFile: (): undefined => undefined }
