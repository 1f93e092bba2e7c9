// `npm run parity`: random cases against pycocotools, or with --families against Cellpose and StarDist.
await import(process.argv.includes('--families') ? './families.ts' : './random.ts');
