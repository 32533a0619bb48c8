-- Role by role. Rights on the views of schema collections are given where the views are made.

REVOKE ALL ON ALL TABLES IN SCHEMA store FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA store FROM PUBLIC;

GRANT USAGE ON SCHEMA store TO huikuan_migrator, huikuan_loader, huikuan_mailer, huikuan_auditor;
GRANT USAGE ON SCHEMA loading TO huikuan_loader;
GRANT USAGE ON SCHEMA collections
TO huikuan_migrator, huikuan_loader, huikuan_mailer, huikuan_desk, huikuan_finance_ro, huikuan_auditor;

-- loader: takes steps, and publishes through functions only.
GRANT SELECT, INSERT, UPDATE ON store.run_step TO huikuan_loader;
GRANT SELECT ON store.run, store.published TO huikuan_loader;
GRANT EXECUTE ON FUNCTION
store.new_partitions(date, text, bigint),
store.seal_partition(text, date, bigint, bigint),
store.attach_run(jsonb, bigint),
store.show_run(date, text, bigint),
store.record_stopped(jsonb, bigint)
TO huikuan_loader;
GRANT EXECUTE ON FUNCTION store.partition_name(text, date, bigint), store.result_tables() TO huikuan_loader;

-- mailer: takes its own steps and keeps the outbox; nothing is ever deleted there.
GRANT SELECT, INSERT, UPDATE ON store.run_step TO huikuan_mailer;
GRANT SELECT, INSERT, UPDATE ON store.message TO huikuan_mailer;

-- auditor: reads everything, changes nothing.
GRANT SELECT ON ALL TABLES IN SCHEMA store TO huikuan_auditor;

-- A step belongs to one role: the mailer cannot take or finish a step of the night, nor the loader one of the mailer.
ALTER TABLE store.run_step ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_all ON store.run_step FOR SELECT USING (TRUE);
CREATE POLICY night_inserts ON store.run_step FOR INSERT TO huikuan_loader
WITH CHECK (step IN ('extract', 'validate', 'classify', 'publish'));
CREATE POLICY night_updates ON store.run_step FOR UPDATE TO huikuan_loader
USING (step IN ('extract', 'validate', 'classify', 'publish'));
CREATE POLICY outbox_inserts ON store.run_step FOR INSERT TO huikuan_mailer
WITH CHECK (step IN ('outbox', 'send'));
CREATE POLICY outbox_updates ON store.run_step FOR UPDATE TO huikuan_mailer
USING (step IN ('outbox', 'send'));
