/** A process of its own that opens a data folder and writes rows until it is killed, saying which are in. */
import postgres from 'postgres';
import { openEmbedded } from '#db/engine/embedded.ts';

const { url } = await openEmbedded(process.argv[2]);
const sql = postgres(url, { max: 1 });
await sql`create table kept (n int)`;
for (let n = 1; ; n++) {
  await sql`insert into kept values (${n})`;
  console.log(n);
}
