CREATE TABLE "board_replicates" (
	"evaluation_id" text NOT NULL,
	"dataset" text NOT NULL,
	"evaluation" text NOT NULL,
	"slice" text NOT NULL,
	"column" text NOT NULL,
	"fields" text NOT NULL,
	"strata" integer[] NOT NULL,
	"numbers" double precision[] NOT NULL,
	CONSTRAINT "board_replicates_key" PRIMARY KEY("evaluation_id","dataset","evaluation","slice","column")
);
--> statement-breakpoint
CREATE TABLE "board_values" (
	"evaluation_id" text NOT NULL,
	"dataset" text NOT NULL,
	"evaluation" text NOT NULL,
	"slice" text NOT NULL,
	"format" text NOT NULL,
	"ground_truth_sha256" text NOT NULL,
	"unscored" boolean NOT NULL,
	"values" jsonb NOT NULL,
	"intervals" jsonb NOT NULL,
	"metrics" jsonb,
	CONSTRAINT "board_values_evaluation_id_dataset_evaluation_slice_pk" PRIMARY KEY("evaluation_id","dataset","evaluation","slice")
);
--> statement-breakpoint
ALTER TABLE "board_replicates" ADD CONSTRAINT "board_replicates_evaluation_id_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."evaluations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "board_values" ADD CONSTRAINT "board_values_evaluation_id_evaluations_id_fk" FOREIGN KEY ("evaluation_id") REFERENCES "public"."evaluations"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
-- of scores that are saved, the evaluation tells; this is for numbers derived later
CREATE FUNCTION board_value_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM evaluations JOIN submissions ON submissions.id = evaluations.submission_id
    WHERE evaluations.id = NEW.evaluation_id AND submissions.visibility = 'published'
  ) THEN
    PERFORM note_public_change();
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE ON "board_values"
  FOR EACH ROW EXECUTE FUNCTION board_value_changed();
