DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY store.result_tables() LOOP
        EXECUTE format('DROP POLICY seen ON store.%I', v_table);
        EXECUTE format('ALTER TABLE store.%I NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY', v_table);
    END LOOP;
END
$$;
REVOKE USAGE ON SCHEMA collections FROM huikuan_rep;
CREATE OR REPLACE FUNCTION store.show_run(p_business_date date, p_run_id text, p_token bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM store.check_token(p_business_date, p_token);
    IF NOT EXISTS (
        SELECT FROM store.run
        WHERE run_id = p_run_id AND business_date = p_business_date AND status = 'published'
    ) THEN
        RAISE EXCEPTION 'run % of % is not attached', p_run_id, p_business_date USING ERRCODE = 'HK002';
    END IF;
    INSERT INTO store.published (business_date, run_id) VALUES (p_business_date, p_run_id)
    ON CONFLICT (business_date) DO UPDATE SET run_id = excluded.run_id;
END
$$;
DROP FUNCTION store.drop_archived_run(text, jsonb, text);
DROP FUNCTION store.kept_because(text);
DROP FUNCTION store.seen_accounts(name);
DROP FUNCTION store.seen_reps(name);
DROP FUNCTION store.sees_everything();
DROP TABLE store.company, store.rep, store.account, store.month_balance, store.tie_out, store.metric, store.roll_rate,
store.loss_rate, store.provision, store.provision_movement, store.write_off_candidate, store.cash_forecast,
store.root_cause, store.rep_performance, store.statement_batch, store.statement, store.statement_decision,
store.statement_reply, store.statement_handover, store.month_lock, store.rep_login, store.archived_run;
DELETE FROM store.message WHERE kind IN ('statement', 'statement_approval');
ALTER TABLE store.message DROP CONSTRAINT message_kind_values;
ALTER TABLE store.message ADD CONSTRAINT message_kind_values
CHECK (kind IN ('digest', 'escalation', 'data_owner', 'approval', 'approval_reminder', 'notice', 'undelivered'));
COMMENT ON COLUMN store.message.recipient IS 'rep_id of the reader.';
COMMENT ON COLUMN store.run_step.step IS 'extract, validate, classify, publish, outbox, approval, approval_reminder, send.';
ALTER POLICY outbox_inserts ON store.run_step
WITH CHECK (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
ALTER POLICY outbox_updates ON store.run_step
USING (step IN ('outbox', 'approval', 'approval_reminder', 'send'));
CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice', 'promise_status',
        'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
COMMENT ON TABLE store.aging_summary IS 'Ageing per company and currency, as of the close of books (账龄汇总).';
COMMENT ON COLUMN store.aging_summary.scope IS 'company/<id>/currency/<code>.';
