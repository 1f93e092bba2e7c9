CREATE TABLE "board_snapshots" (
	"id" text PRIMARY KEY NOT NULL,
	"task" text NOT NULL,
	"dataset" text NOT NULL,
	"taken_at" timestamp with time zone DEFAULT now() NOT NULL,
	"confirmed_at" timestamp with time zone DEFAULT now() NOT NULL,
	"digest" text NOT NULL,
	"content" jsonb NOT NULL,
	"redactions" jsonb DEFAULT '[]'::jsonb NOT NULL
);
--> statement-breakpoint
CREATE INDEX "board_snapshots_board" ON "board_snapshots" USING btree ("task","dataset","taken_at");--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "board_snapshots"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
