CREATE TABLE "outcomes" (
	"id" text PRIMARY KEY NOT NULL,
	"submission_id" text NOT NULL,
	"evaluator_version" text NOT NULL,
	"ground_truth_sha256" text NOT NULL,
	"evaluation" text NOT NULL,
	"sha256" text NOT NULL,
	"storage_key" text NOT NULL,
	"slices" jsonb,
	"curves" jsonb,
	"images" jsonb,
	"quality" jsonb,
	"failure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "outcomes" ADD CONSTRAINT "outcomes_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "outcomes_once" ON "outcomes" USING btree ("submission_id","evaluator_version","ground_truth_sha256");--> statement-breakpoint
-- pages of published entries show what is computed from outcomes
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "outcomes"
  FOR EACH ROW EXECUTE FUNCTION evaluation_changed();
