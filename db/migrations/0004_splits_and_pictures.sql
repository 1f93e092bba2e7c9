CREATE TABLE "dataset_pictures" (
	"dataset_id" text PRIMARY KEY NOT NULL,
	"public" boolean NOT NULL,
	"pack_key" text NOT NULL,
	"ground_truth_sha256" text NOT NULL,
	"files" integer NOT NULL,
	"examples" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "split" text;--> statement-breakpoint
ALTER TABLE "dataset_pictures" ADD CONSTRAINT "dataset_pictures_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;