CREATE TABLE "ground_truth_imports" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset_id" text,
	"name" text NOT NULL,
	"task" text NOT NULL,
	"public" boolean DEFAULT false NOT NULL,
	"licence" text,
	"source" text,
	"protocol" text,
	"split" text,
	"note" text NOT NULL,
	"files" jsonb NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"problems" jsonb,
	"warnings" jsonb,
	"failure" text,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "evaluations" ADD COLUMN "rescore_id" text;--> statement-breakpoint
ALTER TABLE "evaluations" ADD COLUMN "pending" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "ground_truth_versions" ADD COLUMN "statistics" jsonb;--> statement-breakpoint
ALTER TABLE "rescores" ADD COLUMN "submission_id" text;--> statement-breakpoint
ALTER TABLE "ground_truth_imports" ADD CONSTRAINT "ground_truth_imports_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ground_truth_imports" ADD CONSTRAINT "ground_truth_imports_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_rescore_id_rescores_id_fk" FOREIGN KEY ("rescore_id") REFERENCES "public"."rescores"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescores" ADD CONSTRAINT "rescores_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "ground_truth_versions" ("id", "dataset_id", "version", "state", "sha256", "images", "objects", "cell_types", "pack_key", "public", "note", "created_at")
SELECT gen_random_uuid()::text, "id", "version", 'current', "sha256", "images", "objects", "cell_types", "pack_key", "public", 'As it was registered.', "created_at" FROM "datasets"
ON CONFLICT DO NOTHING;
