CREATE TABLE "departed_sign_ins" (
	"digest" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"suspended_at" timestamp with time zone,
	"suspended_reason" text,
	"departed_at" timestamp with time zone DEFAULT now() NOT NULL
);
