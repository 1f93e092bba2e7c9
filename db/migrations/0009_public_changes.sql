CREATE TABLE "public_changes" (
	"transaction" bigint PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "public_changes_at" ON "public_changes" USING btree ("at");
--> statement-breakpoint
CREATE FUNCTION note_public_change() RETURNS void LANGUAGE sql AS $$
  INSERT INTO public_changes (transaction) VALUES (pg_current_xact_id()::text::bigint) ON CONFLICT DO NOTHING
$$;
--> statement-breakpoint
-- tables of which every row is public
CREATE FUNCTION public_row_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_public_change();
  RETURN NULL;
END
$$;
--> statement-breakpoint
-- of submissions: what is or was on a board, and the number of scored runs that a published method shows
CREATE FUNCTION submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND (OLD.visibility IN ('published', 'hidden') OR OLD.was_published) THEN
    PERFORM note_public_change();
  ELSIF TG_OP <> 'DELETE' AND (NEW.visibility IN ('published', 'hidden') OR NEW.was_published) THEN
    PERFORM note_public_change();
  ELSIF TG_OP = 'UPDATE' AND OLD.state IS DISTINCT FROM NEW.state AND 'scored' IN (OLD.state, NEW.state) AND EXISTS (
    SELECT FROM submissions WHERE method_id = NEW.method_id AND visibility = 'published'
  ) THEN
    PERFORM note_public_change();
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE FUNCTION evaluation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM submissions WHERE id = COALESCE(NEW.submission_id, OLD.submission_id) AND visibility = 'published'
  ) THEN
    PERFORM note_public_change();
  END IF;
  RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "submissions"
  FOR EACH ROW EXECUTE FUNCTION submission_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "evaluations"
  FOR EACH ROW EXECUTE FUNCTION evaluation_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER UPDATE ON "users" FOR EACH ROW
  WHEN ((OLD.name, OLD.affiliation, OLD.orcid) IS DISTINCT FROM (NEW.name, NEW.affiliation, NEW.orcid))
  EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change_by_deletion AFTER DELETE ON "users" FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER UPDATE OR DELETE ON "teams" FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER UPDATE OR DELETE ON "methods" FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "datasets"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "dataset_statistics"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "dataset_pictures"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "ground_truth_versions"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER UPDATE OF "state" ON "rescores"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "reference_results"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "task_settings"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "announcements"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
