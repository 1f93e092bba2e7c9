CREATE TABLE "truth_derivations" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset_id" text NOT NULL,
	"ground_truth_sha256" text NOT NULL,
	"evaluator_version" text NOT NULL,
	"variants" jsonb,
	"controls" jsonb,
	"failure" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "truth_derivations" ADD CONSTRAINT "truth_derivations_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "truth_derivations_once" ON "truth_derivations" USING btree ("dataset_id","ground_truth_sha256","evaluator_version");--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "truth_derivations"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
