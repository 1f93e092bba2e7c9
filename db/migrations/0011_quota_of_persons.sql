ALTER TABLE "quota_ledger" ADD COLUMN "person" text;--> statement-breakpoint
CREATE INDEX "quota_ledger_person" ON "quota_ledger" USING btree ("person","task","at");--> statement-breakpoint
UPDATE "quota_ledger" SET "person" = 'user:' || "submissions"."user_id" FROM "submissions"
WHERE "submissions"."id" = "quota_ledger"."submission_id" AND "submissions"."user_id" IS NOT NULL;