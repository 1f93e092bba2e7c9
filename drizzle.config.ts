// `npx drizzle-kit generate` writes the next migration from what changed in db/schema.ts
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './db/schema.ts', out: './db/migrations' });
