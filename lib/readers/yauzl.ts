/** What the readers use of yauzl, under its names: bundlers give a CommonJS package that is imported late no names. */
export { getFileNameLowLevel, openPromise } from 'yauzl';
