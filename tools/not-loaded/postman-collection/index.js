// Loaded by the parser of Prism, which uses it only for collections of Postman.
module.exports = {};
