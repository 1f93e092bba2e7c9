/** Stands in for `fs` in the browser, where yauzl is given the bytes of a file and never opens one. */
export default {};
